"""The rig: real suppliers (simulated), the real gateway, the official SDKs, and what connects them."""
