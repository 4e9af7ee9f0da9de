import { CfnOutput, CfnWaitConditionHandle, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnEIP,
  CfnVPCEndpoint,
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  NatProvider,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { FanoutFunction } from '../constructs/fanout-function.ts';
import type { ExistingNetwork, NewNetwork } from '../network-settings.ts';
import type { FanoutStackProps } from './fanout-stack.ts';

/** The network of our own cluster, and of the functions that reach it or have to leave from fixed addresses. */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  readonly privateSubnetIds: readonly string[];
  readonly publicSubnetIds: readonly string[];
  /** Of functions that have to leave from fixed addresses; it lets nobody in, and is let in nowhere. */
  readonly #egress?: SecurityGroup;
  readonly #zones: readonly string[] | undefined;

  constructor(scope: Construct, id: string, props: FanoutStackProps) {
    super(scope, id, props);
    const { network, staticEgress } = props.settings;
    if (network.kind === 'new') {
      this.#zones = network.availabilityZones;
      this.vpc = this.#make(network);
      this.privateSubnetIds = this.vpc.privateSubnets.map(({ subnetId }) => subnetId);
      this.publicSubnetIds = this.vpc.publicSubnets.map(({ subnetId }) => subnetId);
    } else {
      this.vpc = this.#find(network);
      this.privateSubnetIds = network.privateSubnetIds;
      this.publicSubnetIds = network.publicSubnetIds;
    }
    if (!staticEgress) return;
    this.#egress = new SecurityGroup(this, 'Egress', {
      vpc: this.vpc,
      description: 'Functions that send webhooks and messages from fixed addresses',
      allowAllOutbound: true,
    });
  }

  /** Has the function send from fixed addresses, where the stage has them. */
  leadOut(sender: FanoutFunction): void {
    if (this.#egress) sender.enterNetwork(this.privateSubnetIds, [this.#egress.securityGroupId]);
  }

  #make({ cidr, natGateways }: NewNetwork): Vpc {
    const addresses = Array.from({ length: natGateways }, (_, at) => {
      const address = new CfnEIP(this, `Address${at + 1}`, { domain: 'vpc' });
      // Receivers may have let it in: it must not become another's.
      address.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
      return address;
    });
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 3,
      natGateways,
      natGatewayProvider: NatProvider.gateway({
        eipAllocationIds: addresses.map(({ attrAllocationId }) => attrAllocationId),
      }),
      // Would need a custom resource; nothing is ever put into the default group.
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 26 },
        { name: 'private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      ],
    });
    // By far the most of what functions send; what else they call (Secrets Manager, SQS, MSK) goes out by NAT.
    vpc.addGatewayEndpoint('DynamoDb', { service: GatewayVpcEndpointAwsService.DYNAMODB });
    vpc.addFlowLog('Rejected', {
      trafficType: FlowLogTrafficType.REJECT,
      destination: FlowLogDestination.toCloudWatchLogs(
        new LogGroup(this, 'RejectedLogs', {
          retention: RetentionDays.ONE_MONTH,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ),
    });
    new CfnOutput(this, 'EgressAddresses', {
      value: Fn.join(
        ',',
        addresses.map(({ ref }) => ref),
      ),
    });
    return vpc;
  }

  #find({ vpcId, routeTableIds }: ExistingNetwork): IVpc {
    if (routeTableIds.length > 0) {
      new CfnVPCEndpoint(this, 'DynamoDb', {
        vpcId,
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${this.region}.dynamodb`,
        routeTableIds: [...routeTableIds],
      });
    } else {
      // CloudFormation takes no stack without resources; this one does nothing, and costs nothing.
      new CfnWaitConditionHandle(this, 'Nothing');
    }
    return Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: this.availabilityZones });
  }

  /** Three zones as the settings name them, else by position: the names of an account's zones need a look-up. */
  override get availabilityZones(): string[] {
    if (this.#zones) return [...this.#zones];
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }
}
