"""Push as a hint: callbacks and MQTT. A fleet is right without any of it, only not as quick."""
