"""消息: the letters of whoever is signed in, in the console itself. What the city's gateway loses is still here."""
