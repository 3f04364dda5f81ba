//! Records out of a ring, one at a time, whole.

use std::io;
use std::os::fd::BorrowedFd;

use crate::record::{Header, RecordError};
use crate::sys::ring::RingMap;

/// A ring and a place to put together the record that wraps round its end.
#[derive(Debug)]
pub(crate) struct Ring {
    map: RingMap,
    wrapped: Vec<u8>,
}

impl Ring {
    /// Maps the ring of an event.
    pub(crate) fn new(event: BorrowedFd<'_>, bytes: usize) -> io::Result<Self> {
        Ok(Self { map: RingMap::new(event, bytes)?, wrapped: Vec::new() })
    }

    /// Hands each record that the kernel has written so far to `read`.
    ///
    /// # Errors
    /// The first error; what is left then is dropped, since the next record is found by the length of this one.
    pub(crate) fn drain<E: From<RecordError>>(
        &mut self,
        mut read: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let wrapped = &mut self.wrapped;
        self.map.consume(|front, back| split(front, back, wrapped, &mut read))
    }
}

/// Cuts two adjacent pieces into records.
fn split<'a, E: From<RecordError>>(
    mut front: &'a [u8],
    mut back: &'a [u8],
    wrapped: &mut Vec<u8>,
    read: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    loop {
        if front.is_empty() {
            if back.is_empty() {
                return Ok(());
            }
            front = std::mem::take(&mut back);
        }
        // Records are multiples of 8 bytes and so is the ring: a header never wraps.
        let header = Header::parse(front)?;
        let size = usize::from(header.size);
        if let Some((record, rest)) = front.split_at_checked(size) {
            read(record)?;
            front = rest;
            continue;
        }
        let Some((tail, rest)) = back.split_at_checked(size - front.len()) else {
            let available = front.len() + back.len();
            return Err(
                RecordError::Size { kind: header.kind, size: header.size, available }.into()
            );
        };
        wrapped.clear();
        wrapped.extend_from_slice(front);
        wrapped.extend_from_slice(tail);
        read(wrapped)?;
        (front, back) = (rest, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend(((8 + body.len()) as u16).to_le_bytes());
        bytes.extend(body);
        bytes
    }

    fn records(front: &[u8], back: &[u8]) -> Result<Vec<Vec<u8>>, RecordError> {
        let mut seen = Vec::new();
        let mut read = |bytes: &[u8]| {
            seen.push(bytes.to_vec());
            Ok(())
        };
        split::<RecordError>(front, back, &mut Vec::new(), &mut read).map(|()| seen)
    }

    #[test]
    fn records_are_whole_wherever_the_ring_ends() {
        let all = [record(9, &[1; 16]), record(3, &[]), record(4, &[2; 40])];
        let bytes = all.concat();
        for cut in (0..=bytes.len()).step_by(8) {
            let (front, back) = bytes.split_at(cut);
            assert_eq!(records(front, back).unwrap(), all, "cut at {cut}");
        }
    }

    #[test]
    fn a_record_larger_than_the_data_is_refused() {
        let bytes = record(9, &[1; 16]);
        assert!(matches!(records(&bytes[..16], &[]), Err(RecordError::Size { .. })));
        assert!(matches!(records(&[0; 8], &[]), Err(RecordError::Size { .. })));
        assert!(matches!(records(&[0; 4], &[]), Err(RecordError::HeaderTruncated { .. })));
    }
}
