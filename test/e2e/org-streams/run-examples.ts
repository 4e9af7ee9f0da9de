/** The examples of the reference page, as they stand there. */
export const publishEvent = String.raw`{
  "identifier": "publish-event",
  "title": "Publish to Kafka",
  "config": {
    "type": "KAFKA",
    "payload": {
      "eventType": "deployment.started",
      "service": "{{ .outputs.trigger.service }}",
      "version": "{{ .outputs.trigger.version }}",
      "environment": "{{ .outputs.trigger.environment }}",
      "timestamp": "{{ now | date \"2006-01-02T15:04:05Z\" }}"
    }
  }
}`;

export const serviceDeployed = String.raw`{
  "config": {
    "type": "KAFKA",
    "payload": {
      "event": "service.deployed",
      "data": {
        "serviceId": "{{ .outputs.trigger.service }}",
        "version": "{{ .outputs.trigger.version }}",
        "environment": "{{ .outputs.trigger.environment }}"
      },
      "metadata": {
        "timestamp": "{{ now | date \"2006-01-02T15:04:05Z\" }}"
      }
    }
  }
}`;

export const provisionInfrastructure = String.raw`{
  "config": {
    "type": "KAFKA",
    "payload": {
      "action": "provision-infrastructure",
      "parameters": {
        "cloudProvider": "{{ .outputs.trigger.cloudProvider }}",
        "region": "{{ .outputs.trigger.region }}",
        "instanceType": "{{ .outputs.trigger.instanceType }}",
        "count": "{{ .outputs.trigger.count }}"
      },
      "callback": {
      }
    }
  }
}`;

export const notifications = String.raw`{
  "config": {
    "type": "KAFKA",
    "payload": [
      {
        "type": "notification",
        "channel": "slack",
        "message": "Deployment started"
      },
      {
        "type": "notification", 
        "channel": "email",
        "message": "Deployment started"
      }
    ]
  }
}`;

/** What the page's consumer reports back. */
export const processed = String.raw`{
    "status": "COMPLETED",
    "result": "SUCCESS",
    "output": {
      "processedAt": "2024-01-15T10:30:00Z"
    }
  }`;

/** What the examples' templates ask for, as the trigger of a workflow would have it. */
export const trigger = {
  service: 'billing',
  version: '1.2.3',
  environment: 'production',
  cloudProvider: 'aws',
  region: 'eu-central-1',
  instanceType: 'm7g.large',
  count: 3,
};
