"""HTTP: one router per resource. Routers do no SQL and raise no status codes."""
