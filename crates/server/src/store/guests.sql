-- Guests are counted and forgotten by their room and their end; nobody else's token is looked at for that.
CREATE INDEX token_of_guest ON token (room, expires_ms) WHERE user GLOB 'guest-*';
