"""Does a replay say what was recorded, when it was recorded?"""
