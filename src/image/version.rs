//! A tag read as numeric slots and literal text: the shape that the default policy goes by.
