"""The embedded VTN: a small OpenADR 3 server for demos, tests and measurements.

It shares nothing with the rest of the package, so that a misreading of the standard cannot cancel itself out.
`store` keeps objects and reports, `rules` decides who may see and change what, and each wire interface has a
folder of its own (`v301` and `v310` are OpenADR 3.0.1 and 3.1.0, `energydesk` is a vendor's) that turns HTTP into
calls of `rules` and back. Objects are kept in their 3.1.0 form; another interface translates. Every change passes
through `rules.Rules`: whatever has to hear of changes (subscriptions, MQTT) belongs there.
"""
