"""What `ven-actors doctor` tries: one function per check, each gives one finding."""
