//! A reader over the bytes of one record: every read is checked, offsets count from the record's header.

use super::RecordError;

/// The unread rest of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    /// A reader of `bytes`, which start at `offset` within their record.
    pub(super) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    pub(super) const fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Takes `len` bytes.
    pub(super) fn bytes(&mut self, field: &'static str, len: u64) -> Result<&'a [u8], RecordError> {
        let split = usize::try_from(len).ok().and_then(|len| self.bytes.split_at_checked(len));
        let Some((taken, rest)) = split else {
            let (offset, left) = (self.offset, self.bytes.len());
            return Err(RecordError::Truncated { field, offset, needed: len, left });
        };
        self.bytes = rest;
        self.offset += taken.len();
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], RecordError> {
        let taken = self.bytes(field, N as u64)?;
        let mut array = [0; N];
        array.copy_from_slice(taken);
        Ok(array)
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, RecordError> {
        self.array(field).map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, RecordError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, RecordError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, field: &'static str) -> Result<u64, RecordError> {
        self.array(field).map(u64::from_le_bytes)
    }

    /// Takes `count` items of `size` bytes each, refusing a count that cannot fit before anything is allocated.
    pub(super) fn items(
        &mut self,
        field: &'static str,
        count: u64,
        size: u64,
    ) -> Result<&'a [u8], RecordError> {
        match count.checked_mul(size) {
            Some(len) if len <= self.bytes.len() as u64 => self.bytes(field, len),
            _ => Err(RecordError::Count { field, offset: self.offset, count }),
        }
    }

    /// Takes `count` words.
    pub(super) fn words(
        &mut self,
        field: &'static str,
        count: u64,
    ) -> Result<Words<'a>, RecordError> {
        self.items(field, count, 8).map(Words)
    }

    /// Everything that is left but the last `keep` bytes.
    pub(super) fn all_but(
        &mut self,
        field: &'static str,
        keep: usize,
    ) -> Result<&'a [u8], RecordError> {
        match self.bytes.len().checked_sub(keep) {
            Some(len) => self.bytes(field, len as u64),
            None => {
                let (offset, left) = (self.offset, self.bytes.len());
                Err(RecordError::Truncated { field, offset, needed: keep as u64, left })
            }
        }
    }
}

/// Words of 8 bytes within a record, which need not be aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words<'a>(&'a [u8]);

impl<'a> Words<'a> {
    /// Number of words.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len() / 8
    }

    /// Tells whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The word at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u64> {
        self.iter().nth(index)
    }

    /// The words in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u64> + 'a {
        let (words, _) = self.0.as_chunks::<8>();
        words.iter().map(|word| u64::from_le_bytes(*word))
    }
}

/// The bytes before the first NUL, as C strings in records end.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
