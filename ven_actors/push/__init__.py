"""Push as a hint: callbacks, MQTT and mDNS. A fleet is right without any of it, only not as quick."""
