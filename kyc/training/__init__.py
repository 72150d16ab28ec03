"""Trains the models of `kyc` on what this repository generates. Needs torch, which the service itself does not."""
