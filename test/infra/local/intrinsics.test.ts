import { describe, expect, it } from 'vitest';
import { resolve, type Scope, Unresolvable } from '../../../infra/local/intrinsics.ts';

const scope: Scope = {
  stackName: 'fanout-local-ingest',
  region: 'eu-central-1',
  ref: (logicalId) => `ref of ${logicalId}`,
  attribute: (logicalId, attribute) => `${attribute} of ${logicalId}`,
  stackOutput: (stackName, output) => `${output} of stack ${stackName}`,
  importValue: (exportName) => (exportName === 'the-list' ? 'a,b,c' : `import of ${exportName}`),
};

describe('resolve', () => {
  it.each<[string, unknown, unknown]>([
    ['a plain value', { a: [1, 'two', true, null] }, { a: [1, 'two', true, null] }],
    ['Ref of a resource', { Ref: 'Table' }, 'ref of Table'],
    ['Ref of the region', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['Ref of the account', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Ref of the partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['Ref of the URL suffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['Ref of the stack name', { Ref: 'AWS::StackName' }, 'fanout-local-ingest'],
    ['AWS::NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['AWS::NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 3], [1, 3]],
    ['Fn::GetAtt with a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, 'Arn of Table'],
    [
      'Fn::GetAtt with a string',
      { 'Fn::GetAtt': 'Config.LatestRevision.Revision' },
      'LatestRevision.Revision of Config',
    ],
    ['Fn::Join', { 'Fn::Join': ['/', ['a', { Ref: 'Table' }, 3]] }, 'a/ref of Table/3'],
    ['Fn::Split', { 'Fn::Split': [',', 'a,b'] }, ['a', 'b']],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    [
      'Fn::Select of a split import',
      { 'Fn::Select': [2, { 'Fn::Split': [',', { 'Fn::ImportValue': 'the-list' }] }] },
      'c',
    ],
    [
      'Fn::Sub',
      { 'Fn::Sub': '${AWS::Region}/${Table}/${Table.Arn}/${!Literal}' },
      'eu-central-1/ref of Table/Arn of Table/${Literal}',
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': ['${a}-${b}', { a: 1, b: { Ref: 'Queue' } }] }, '1-ref of Queue'],
    ['Fn::Base64', { 'Fn::Base64': 'a=1\n' }, 'YT0xCg=='],
    [
      'Fn::GetAZs of the own region',
      { 'Fn::GetAZs': '' },
      ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    ],
    ['Fn::GetAZs of another region', { 'Fn::Select': [0, { 'Fn::GetAZs': 'us-west-2' }] }, 'us-west-2a'],
    [
      'Fn::ImportValue',
      { 'Fn::ImportValue': { 'Fn::Sub': '${AWS::StackName}-x' } },
      'import of fanout-local-ingest-x',
    ],
    [
      'Fn::GetStackOutput',
      { 'Fn::GetStackOutput': { StackName: 'data', Region: 'eu-central-1', OutputName: 'Arn' } },
      'Arn of stack data',
    ],
    ['a key that only looks like an intrinsic', { Ref: 'a', Other: 'b' }, { Ref: 'a', Other: 'b' }],
  ])('carries out %s', (_, value, expected) => {
    expect(resolve(value, scope, '')).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    [
      'an unknown function',
      { Environment: { Url: { 'Fn::Cidr': [1] } } },
      "Fn::Cidr at 'Environment.Url' is not known to the local machine",
    ],
    [
      'an unknown function in a list',
      [{ 'Fn::If': ['a', 1, 2] }],
      "Fn::If at '[0]' is not known to the local machine",
    ],
    [
      'an unknown pseudo parameter',
      { A: { Ref: 'AWS::NotificationARNs' } },
      "pseudo parameter AWS::NotificationARNs is not known at 'A'",
    ],
    [
      'a selection beyond the list',
      { A: { 'Fn::Select': [3, ['a']] } },
      "Fn::Select asks for item 3 of 1 at 'A'",
    ],
    [
      'joining what is no list',
      { A: { 'Fn::Join': [',', 'ab'] } },
      'Fn::Join needs a list and got "ab" at \'A\'',
    ],
    [
      'a dynamic reference',
      { A: '{{resolve:ssm:/name}}' },
      "the dynamic reference at 'A' is not carried out by the local machine",
    ],
  ])('refuses %s and says where it stands', (_, value, message) => {
    expect(() => resolve(value, scope, '')).toThrow(new Unresolvable(message));
  });
});
