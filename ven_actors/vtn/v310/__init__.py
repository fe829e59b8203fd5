"""OpenADR 3.1.0 on the wire (openadr3.yaml, objects and endpoints). Subscriptions and notifiers are not there yet."""
