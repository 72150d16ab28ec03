"""What goes over the wire: the public promise, apart from domain objects."""
