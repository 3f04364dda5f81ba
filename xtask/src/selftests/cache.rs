//! The kernel's verdicts of earlier runs: a program that has not changed is not asked about again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::worker::Judged;

/// Changes when the way of asking does.
const VERSION: u32 = 3;

/// Verdicts by object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cache {
    version: u32,
    objects: BTreeMap<String, Known>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    hash: u64,
    judged: Judged,
}

impl Cache {
    /// Where the verdicts of a release lie.
    pub(crate) fn path(work: &Path, release: &str) -> PathBuf {
        work.join(format!("kernel-{release}.json"))
    }

    /// Reads them; none when there are none that can be used.
    pub(crate) fn read(path: &Path) -> Self {
        let cache: Option<Self> =
            fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cache
            .filter(|cache| cache.version == VERSION)
            .unwrap_or(Self { version: VERSION, objects: BTreeMap::new() })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_string(self).map_err(|e| e.to_string())?;
        let fresh = path.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&fresh, text)
            .and_then(|()| fs::rename(&fresh, path))
            .map_err(|e| format!("{}: {e}", path.display()))
    }

    pub(crate) fn get(&self, name: &str, hash: u64) -> Option<&Judged> {
        self.objects.get(name).filter(|known| known.hash == hash).map(|known| &known.judged)
    }

    pub(crate) fn put(&mut self, name: &str, hash: u64, judged: Judged) {
        self.objects.insert(name.to_owned(), Known { hash, judged });
    }
}

/// FNV-1a of a file's bytes.
pub(crate) fn hash(path: &Path) -> Result<u64, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    }))
}
