import { describe, expect, it } from 'vitest';
import { MalformedPath } from '../../../../infra/local/http-api/decode-path.ts';
import { createRouteTable } from '../../../../infra/local/http-api/route-table.ts';

const table = (...routeKeys: string[]) => createRouteTable(routeKeys.map((routeKey) => ({ routeKey })));

describe('the route table', () => {
  // The first six are AWS's own example: http-api-develop-routes.html, "Routing API requests".
  const find = table(
    '$default',
    'ANY /{proxy+}',
    'GET /pets/{proxy+}',
    'GET /pets/dog/{id}',
    'GET /pets/dog/1',
    'POST /v1/orgs/{org}/endpoints/{endpoint}/test',
    'POST /v1/orgs/{org}/endpoints/{endpoint}/{action}',
    'ANY /v1/orgs',
    'GET /v1/orgs',
    'GET /',
  );

  it.each([
    ['GET', '/pets/dog/1', 'GET /pets/dog/1', undefined],
    ['GET', '/pets/dog/2', 'GET /pets/dog/{id}', { id: '2' }],
    ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
    ['POST', '/test/5', 'ANY /{proxy+}', { proxy: 'test/5' }],
    ['POST', '/pets/dog/1', 'ANY /{proxy+}', { proxy: 'pets/dog/1' }],
    ['POST', '/', '$default', undefined],
    ['GET', '/', 'GET /', undefined],
    ['GET', '/v1/orgs', 'GET /v1/orgs', undefined],
    ['POST', '/v1/orgs', 'ANY /v1/orgs', undefined],
    ['GET', '/pets/dog/a%2Fb%20c', 'GET /pets/dog/{id}', { id: 'a/b c' }],
    ['GET', '/pets/dog/', 'GET /pets/{proxy+}', { proxy: 'dog/' }],
    [
      'POST',
      '/v1/orgs/a/endpoints/e/test',
      'POST /v1/orgs/{org}/endpoints/{endpoint}/test',
      { org: 'a', endpoint: 'e' },
    ],
    [
      'POST',
      '/v1/orgs/a/endpoints/e/other',
      'POST /v1/orgs/{org}/endpoints/{endpoint}/{action}',
      { org: 'a', endpoint: 'e', action: 'other' },
    ],
  ])('sends %s %s to %s', (method, path, routeKey, pathParameters) => {
    expect(find(method, path)).toEqual({ route: { routeKey }, pathParameters });
  });

  it.each([
    ['PUT', '/v1/orgs'],
    ['GET', '/v1/orgs/'],
    ['GET', '/v1/orgs//keys'],
    ['GET', '/v2/orgs'],
  ])('has no route for %s %s when there is no catch-all', (method, path) => {
    expect(table('GET /v1/orgs', 'GET /v1/orgs/{org}/keys')(method, path)).toBeUndefined();
  });

  it('refuses a malformed escape', () => {
    expect(() => find('GET', '/pets/dog/%zz')).toThrow(MalformedPath);
  });

  it.each(['GET', 'GET pets', 'GET /{proxy+}/more'])('refuses the route key "%s"', (routeKey) => {
    expect(() => table(routeKey)).toThrow(routeKey);
  });
});
