"""The trusted process that judges one submission."""
