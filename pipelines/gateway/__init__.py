"""The service that Label Studio wakes: webhooks, its model backend protocol, personal pages."""
