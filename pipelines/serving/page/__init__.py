"""The live page: a microphone, what is heard in it as it is heard, and corrections of it."""
