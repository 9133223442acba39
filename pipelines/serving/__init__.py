"""Answer over HTTP and WebSocket what is heard in a recording or a stream."""
