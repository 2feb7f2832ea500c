"""The sandbox: how processes that run students' code are started."""
