"""One module for each format in which an authority publishes its list; each reads bytes into a `WatchList`."""
