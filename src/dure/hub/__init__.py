"""What many people share: a store, a queue of runs and the workers that do them."""
