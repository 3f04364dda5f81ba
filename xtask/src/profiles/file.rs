//! The file of a profile: a head of text lines, an empty line, and a lzip member that holds the BTF followed
//! by the names that were left out. `crates/skep/src/profile/shipped.rs` reads it.

use std::io::Write;

use lzma_rust2::{LzipOptions, LzipWriter};
use skep_btf::{Btf, Kind};

use super::config;
use super::reduce::Reduced;
use super::source::Source;

pub(super) fn write(source: &Source, btf: &Btf, reduced: &Reduced) -> Result<Vec<u8>, String> {
    let names = reduced.left_out.encode();
    let size = |name: &str| {
        let id = btf.find(name, Kind::Struct).ok_or_else(|| format!("no struct {name}"))?;
        btf.size_of(id).ok_or_else(|| format!("struct {name} has no size"))
    };
    let mut head = String::from("skep kernel profile 1\n");
    let mut line = |key: &str, value: &dyn std::fmt::Display| head += &format!("{key} {value}\n");
    line("release", &source.release);
    line("arch", &source.arch);
    line("source", &source.file);
    line("types", &format!("{} of {}", reduced.types, btf.len() - 1));
    line("nr_cpus", &(size("cpumask")? * 8));
    line("sizeof task_struct", &size("task_struct")?);
    line("btf", &reduced.btf.len());
    line("names", &names.len());
    for option in config::options(source, btf)? {
        line("config", &option);
    }
    head.push('\n');
    let fail = |error: std::io::Error| error.to_string();
    let mut options = LzipOptions::with_preset(9);
    options.lzma_options.nice_len = 273;
    let mut writer = LzipWriter::new(head.into_bytes(), options);
    writer.write_all(&reduced.btf).map_err(fail)?;
    writer.write_all(names.as_bytes()).map_err(fail)?;
    writer.finish().map_err(fail)
}
