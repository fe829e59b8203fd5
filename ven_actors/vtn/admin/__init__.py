"""What an operator does with a VTN from the shell, over HTTP as any business logic would."""
