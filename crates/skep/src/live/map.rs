//! A map from the user's side, with typed keys and values.

use skep_machine::map::UserSide;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::Error;

/// A map of a loaded object.
#[derive(Debug)]
pub struct MapHandle<'a> {
    name: String,
    side: UserSide<'a>,
}

impl<'a> MapHandle<'a> {
    pub(super) fn new(name: &str, side: UserSide<'a>) -> Self {
        Self { name: name.to_owned(), side }
    }

    /// The map in bytes.
    #[must_use]
    pub const fn side(&self) -> &UserSide<'a> {
        &self.side
    }

    /// The value of a key; `None` without such an element.
    ///
    /// # Errors
    /// When `K` or `V` is not as large as the map's keys or values. Maps with a value for each CPU have
    /// [`Self::get_percpu`].
    pub fn get<K, V>(&self, key: &K) -> Result<Option<V>, Error>
    where
        K: IntoBytes + Immutable,
        V: FromBytes,
    {
        let bytes = self.lookup(key)?;
        bytes.map(|bytes| self.value(&bytes)).transpose()
    }

    /// The values of a key on all CPUs; `None` without such an element.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn get_percpu<K, V>(&self, key: &K) -> Result<Option<Vec<V>>, Error>
    where
        K: IntoBytes + Immutable,
        V: FromBytes,
    {
        let Some(bytes) = self.lookup(key)? else { return Ok(None) };
        let values = self.side.percpu_values(&bytes);
        values.iter().map(|bytes| self.value(bytes)).collect::<Result<_, _>>().map(Some)
    }

    /// All elements.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn entries<K: FromBytes, V: FromBytes>(&self) -> Result<Vec<(K, V)>, Error> {
        let entries = self.side.entries().into_iter();
        entries.map(|(key, value)| Ok((self.typed("keys", &key)?, self.value(&value)?))).collect()
    }

    fn lookup<K: IntoBytes + Immutable>(&self, key: &K) -> Result<Option<Vec<u8>>, Error> {
        let (own, asked) = (self.side.map().def().key_size as usize, size_of::<K>());
        if own != asked {
            return Err(self.mismatch("keys", own, asked));
        }
        match self.side.lookup(key.as_bytes(), 0) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(skep_abi::Errno::ENOENT) => Ok(None),
            Err(errno) => Err(Error::input(format!("map {} has no look-up: {errno}", self.name))),
        }
    }

    fn value<V: FromBytes>(&self, bytes: &[u8]) -> Result<V, Error> {
        self.typed("values", bytes)
    }

    fn typed<T: FromBytes>(&self, what: &str, bytes: &[u8]) -> Result<T, Error> {
        T::read_from_bytes(bytes).map_err(|_| self.mismatch(what, bytes.len(), size_of::<T>()))
    }

    fn mismatch(&self, what: &str, own: usize, asked: usize) -> Error {
        let name = &self.name;
        Error::input(format!(
            "{what} of map {name} have {own} bytes, the type asked for has {asked}"
        ))
    }
}
