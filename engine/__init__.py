"""The core of Steadyreach: from what devices say to what a person sees, hears and is measured by."""
