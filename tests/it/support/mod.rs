//! What several tests share: real servers on loopback, doubles of forges, throw-away repositories.
