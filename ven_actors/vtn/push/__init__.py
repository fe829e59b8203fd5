"""What tells clients of changes: webhooks of subscriptions, and MQTT.

Every change passes `rules.Rules`, which lets `announcer` hear of it within the transaction. Who may know of it, and
what it looks like to them, is judged then and there (`sight`, `subscribers`, `topics`); only after the commit do the
messages go out (`lanes`, `callbacks`, `mqtt`). Notifications are hints: they are tried for a while and then dropped.
"""
