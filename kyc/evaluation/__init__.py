"""Documents for measuring, apart from those for training: see `kyc.evaluation.documents`."""
