"""The one place that sees everything: builds the actors, hands them to each other, runs them and sums them up."""
