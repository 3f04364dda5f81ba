//! The bytes of one record after the other, as they lie in the file, decompressed where perf compressed them.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::error::{Damage, DamageKind};
use super::inflate::Inflater;
use crate::record::Header;

/// perf's own types of records (`enum perf_user_event_type`), as far as they matter here.
pub(super) mod user {
    /// The first that is perf's.
    pub(crate) const FIRST: u32 = 64;
    /// An event, of a file that went through a pipe.
    pub(crate) const HEADER_ATTR: u32 = 64;
    /// The formats of tracepoints follow, of a file that went through a pipe.
    pub(crate) const HEADER_TRACING_DATA: u32 = 66;
    /// Records of later rounds are no older than those before the last round.
    pub(crate) const FINISHED_ROUND: u32 = 68;
    /// Data of tracing hardware follow.
    pub(super) const AUXTRACE: u32 = 71;
    /// A feature, of a file that went through a pipe.
    pub(crate) const HEADER_FEATURE: u32 = 80;
    /// Records, compressed.
    pub(super) const COMPRESSED: u32 = 81;
    /// The same with a length, since 6.16.
    pub(super) const COMPRESSED2: u32 = 83;
}

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Reads a file from a place of its own, whoever else reads it.
#[derive(Debug)]
struct FileAt {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for FileAt {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let room = into.len().min(left);
        let read = self.file.read_at(into.get_mut(..room).unwrap_or_default(), self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Walks through the records of a file.
#[derive(Debug)]
pub(super) struct RawRecords {
    reader: BufReader<FileAt>,
    /// Offset of the next byte to be read.
    at: u64,
    end: u64,
    record: Vec<u8>,
    /// What follows a record that is said to be followed by something.
    payload: Vec<u8>,
    inflater: Option<Inflater>,
}

impl RawRecords {
    /// Starts at the first record.
    pub(super) fn new(file: &Arc<File>, (start, end): (u64, u64)) -> Self {
        let source = FileAt { file: Arc::clone(file), at: start, end: end.max(start) };
        Self {
            reader: BufReader::with_capacity(BUFFER, source),
            at: start,
            end: end.max(start),
            record: Vec::new(),
            payload: Vec::new(),
            inflater: None,
        }
    }

    /// Goes to the next record; *Returns* its header, `None` at the end.
    ///
    /// Records that hold compressed ones are not seen, but what they hold.
    ///
    /// # Errors
    /// [`Damage`], after which nothing more can be read.
    pub(super) fn advance(&mut self) -> Result<Option<Header>, Damage> {
        loop {
            if let Some(inflater) = &mut self.inflater {
                let at = self.at;
                let damaged = |why| Damage { at, why };
                if inflater.take(&mut self.record).map_err(damaged)? {
                    self.payload.clear();
                    return self.header().map(Some);
                }
            }
            if self.at >= self.end {
                return Ok(None);
            }
            let header = self.read_record()?;
            match header.kind {
                user::COMPRESSED | user::COMPRESSED2 => self.inflate(header)?,
                _ => return Ok(Some(header)),
            }
        }
    }

    /// The record that [`advance`](Self::advance) went to, header included.
    pub(super) fn record(&self) -> &[u8] {
        &self.record
    }

    /// Its bytes after the header.
    pub(super) fn body(&self) -> &[u8] {
        self.record.get(Header::SIZE..).unwrap_or_default()
    }

    /// The formats of tracepoints that follow it.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    fn damage(&self, why: DamageKind) -> Damage {
        Damage { at: self.at, why }
    }

    /// Parses the header of the current record.
    fn header(&self) -> Result<Header, Damage> {
        Header::parse(&self.record).map_err(|error| self.damage(error.into()))
    }

    fn read_record(&mut self) -> Result<Header, Damage> {
        self.record.clear();
        self.record.resize(Header::SIZE, 0);
        self.fill(0)?;
        let header = self.header()?;
        self.record.resize(header.size.into(), 0);
        self.fill(Header::SIZE)?;
        self.payload.clear();
        let (size, is_wanted) = match header.kind {
            user::AUXTRACE => (self.number::<8>(Header::SIZE).map_or(0, u64::from_le_bytes), false),
            user::HEADER_TRACING_DATA => {
                let size = self.number::<4>(Header::SIZE).map_or(0, u32::from_le_bytes);
                (u64::from(size).next_multiple_of(8), true)
            }
            _ => (0, false),
        };
        let start = self.at;
        self.at += u64::from(header.size);
        match self.end.checked_sub(self.at) {
            Some(left) if left >= size => self.follow(size, is_wanted)?,
            _ => return Err(Damage { at: start, why: DamageKind::Cut }),
        }
        Ok(header)
    }

    fn number<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.record.get(at..)?.first_chunk().copied()
    }

    /// Reads bytes that follow a record, or skips them.
    fn follow(&mut self, size: u64, is_wanted: bool) -> Result<(), Damage> {
        if size == 0 {
            return Ok(());
        }
        let mut rest = self.reader.by_ref().take(size);
        let read = match is_wanted {
            true => rest.read_to_end(&mut self.payload).map(|read| read as u64),
            false => io::copy(&mut rest, &mut io::sink()),
        };
        match read {
            Ok(read) if read == size => {
                self.at += size;
                Ok(())
            }
            Ok(_) => Err(self.damage(DamageKind::Cut)),
            Err(error) => Err(self.damage(DamageKind::Io(error.to_string()))),
        }
    }

    /// Fills the record from a byte on.
    fn fill(&mut self, from: usize) -> Result<(), Damage> {
        let bytes = self.record.get_mut(from..).unwrap_or_default();
        self.reader.read_exact(bytes).map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => DamageKind::Cut,
                _ => DamageKind::Io(error.to_string()),
            };
            Damage { at: self.at, why }
        })
    }

    fn inflate(&mut self, header: Header) -> Result<(), Damage> {
        let body = self.record.get(Header::SIZE..).unwrap_or_default();
        let compressed = match header.kind {
            user::COMPRESSED => Some(body),
            _ => body.split_first_chunk::<8>().and_then(|(size, data)| {
                data.get(..usize::try_from(u64::from_le_bytes(*size)).ok()?)
            }),
        };
        let (at, size) = (self.at - u64::from(header.size), header.size);
        let damaged = |why| Damage { at, why };
        let kind = header.kind;
        let compressed = compressed.ok_or_else(|| damaged(DamageKind::Size { kind, size }))?;
        let inflater = match &mut self.inflater {
            Some(inflater) => inflater,
            none => none.insert(Inflater::new().map_err(damaged)?),
        };
        inflater.feed(compressed);
        Ok(())
    }
}
