//! Whole BTF files: found, unpacked, parsed.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use lzma_rust2::XzReader;
use skep_btf::Btf;

/// More than any kernel's BTF by far.
const MAX_BYTES: u64 = 256 << 20;

/// A BTF file and what its name says of it.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// File name.
    pub(super) file: String,
    pub(super) distribution: String,
    /// `uname -r`.
    pub(super) release: String,
    pub(super) arch: String,
}

/// The BTF files of a folder.
pub(super) fn all(folder: &Path) -> Result<Vec<Source>, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        sources.extend(named(&path));
    }
    Ok(sources)
}

/// `debian-6.12.107-amd64.btf.xz` says distribution, version and flavour.
fn named(path: &Path) -> Option<Source> {
    let file = path.file_name()?.to_str()?.to_owned();
    let stem = file.strip_suffix(".btf.xz").or_else(|| file.strip_suffix(".btf"))?;
    let (distribution, release) = stem.split_once('-')?;
    let (_, flavour) = release.rsplit_once('-')?;
    let arch = match flavour {
        "amd64" => "x86_64",
        "arm64" => "aarch64",
        other => other,
    };
    Some(Source {
        path: path.to_owned(),
        distribution: distribution.to_owned(),
        release: release.to_owned(),
        arch: arch.to_owned(),
        file,
    })
}

impl Source {
    pub(super) fn parse(&self) -> Result<Btf, String> {
        let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let file = BufReader::new(File::open(&self.path).map_err(|error| fail(&error))?);
        let mut bytes = Vec::new();
        let read = if self.file.ends_with(".xz") {
            XzReader::new(file, false).take(MAX_BYTES).read_to_end(&mut bytes)
        } else {
            file.take(MAX_BYTES).read_to_end(&mut bytes)
        };
        read.map_err(|error| fail(&error))?;
        Btf::parse(&bytes).map_err(|error| fail(&error))
    }
}
