"""Speech engines that turn voice messages into text; none yet."""
