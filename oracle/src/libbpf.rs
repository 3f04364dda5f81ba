//! What libbpf makes of an object.

#![expect(unsafe_code, reason = "libbpf is C, and libbpf-rs does not wrap all of it")]

use std::ffi::OsStr;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Mutex;

use libbpf_rs::libbpf_sys::{self, bpf_map, bpf_program};
use libbpf_rs::{AsRawLibbpf as _, ObjectBuilder, OpenObject, PrintLevel, set_print};
use skep_isa::Insn;

/// An object as libbpf would hand it to the kernel.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Programs in libbpf's order.
    pub programs: Vec<Program>,
    /// Maps in libbpf's order.
    pub maps: Vec<Map>,
}

/// A program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its function.
    pub name: String,
    /// Its section, without `?`.
    pub section: String,
    /// `enum bpf_prog_type`.
    pub prog_type: u32,
    /// `enum bpf_attach_type`; 0 also when none is said.
    pub attach_type: u32,
    /// `BPF_F_*`.
    pub flags: u32,
    /// Whether it is loaded unasked.
    pub autoload: bool,
    /// Slots. Map file descriptors are those of [`Map::fd`].
    pub insns: Vec<Insn>,
    /// First insn and type of each function.
    pub funcs: Vec<(u32, u32)>,
    /// First insn, offsets of file and text, line and column.
    pub lines: Vec<[u32; 4]>,
}

/// A map.
#[derive(Clone, Debug)]
pub struct Map {
    /// Its name; of data sections with names of their own, the section's.
    pub name: String,
    /// The descriptor by which insns refer to it.
    pub fd: i32,
    /// `map_type`, `key_size`, `value_size`, `max_entries`, `map_flags`, `numa_node`.
    pub attributes: [u32; 6],
    /// `map_extra`.
    pub extra: u64,
    /// What a data section holds.
    pub initial: Option<Vec<u8>>,
}

static LOG: Mutex<String> = Mutex::new(String::new());

/// Keeps the tests of one process apart: libbpf's messages go to one place.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn keep_message(level: PrintLevel, message: String) {
    if level <= PrintLevel::Info
        && let Ok(mut log) = LOG.lock()
    {
        log.push_str(&message);
    }
}

/// Opens an object and prepares it for loading: relocates everything and creates the maps.
///
/// # Errors
/// libbpf's own words.
pub fn prepare(path: &Path) -> Result<Prepared, String> {
    let _guard = ONE_AT_A_TIME.lock();
    if let Ok(mut log) = LOG.lock() {
        log.clear();
    }
    set_print(Some((PrintLevel::Info, keep_message)));
    let said = |e: libbpf_rs::Error| {
        let log = LOG.lock().map(|log| log.clone()).unwrap_or_default();
        format!("{e}\n{log}")
    };
    let mut object = ObjectBuilder::default().open_file(path).map_err(said)?;
    let autoload: Vec<bool> = object.progs().map(|program| program.autoload()).collect();
    for mut program in object.progs_mut() {
        program.set_autoload(true);
    }
    // Creating a map may change what its definition said; a struct_ops map is defined only by the kernel's types.
    let defined: Vec<_> = object.maps().map(|map| attributes(map.as_libbpf_object())).collect();
    // SAFETY: the object is open and not loaded, which is what the function wants; it is ours alone.
    let failed = unsafe { libbpf_sys::bpf_object__prepare(object.as_libbpf_object().as_ptr()) };
    if failed != 0 {
        return Err(said(libbpf_rs::Error::from_raw_os_error(-failed)));
    }
    Ok(Prepared { programs: programs(&object, &autoload), maps: maps(&object, defined) })
}

/// Opens an object and loads the programs that are wanted; nothing stays, and nothing is pinned.
///
/// # Errors
/// libbpf's own words.
pub fn load(path: &Path, is_wanted: impl Fn(&str, bool) -> bool) -> Result<(), String> {
    let _guard = ONE_AT_A_TIME.lock();
    if let Ok(mut log) = LOG.lock() {
        log.clear();
    }
    set_print(Some((PrintLevel::Warn, keep_message)));
    let said = |e: libbpf_rs::Error| {
        let log = LOG.lock().map(|log| log.clone()).unwrap_or_default();
        let last = log.lines().rev().find(|line| !line.contains("failed to load")).unwrap_or("");
        format!("{e}: {last}")
    };
    let mut object = ObjectBuilder::default().open_file(path).map_err(said)?;
    for mut program in object.progs_mut() {
        let wanted = is_wanted(&text(program.name()), program.autoload());
        program.set_autoload(wanted);
    }
    for map in object.maps() {
        // SAFETY: the pointer came from the live object that we hold, which is not loaded yet.
        unsafe {
            libbpf_sys::bpf_map__set_pin_path(map.as_libbpf_object().as_ptr(), std::ptr::null())
        };
    }
    object.load().map(drop).map_err(said)
}

fn programs(object: &OpenObject, autoload: &[bool]) -> Vec<Program> {
    let describe = |(program, autoload): (libbpf_rs::OpenProgram<'_>, &bool)| {
        let raw = program.as_libbpf_object();
        let (attach_type, flags) = attach(raw);
        Program {
            name: text(program.name()),
            section: text(program.section()).trim_start_matches('?').to_owned(),
            prog_type: program.prog_type() as u32,
            attach_type,
            flags,
            autoload: *autoload,
            insns: program.insns().iter().map(insn).collect(),
            funcs: funcs(raw),
            lines: lines(raw),
        }
    };
    object.progs().zip(autoload).map(describe).collect()
}

fn text(text: &OsStr) -> String {
    text.to_string_lossy().into_owned()
}

fn insn(raw: &libbpf_sys::bpf_insn) -> Insn {
    let mut bytes = [0; 8];
    bytes[0] = raw.code;
    bytes[1] = raw.dst_reg() | (raw.src_reg() << 4);
    bytes[2..4].copy_from_slice(&raw.off.to_le_bytes());
    bytes[4..].copy_from_slice(&raw.imm.to_le_bytes());
    Insn::decode(bytes)
}

fn attach(program: NonNull<bpf_program>) -> (u32, u32) {
    // SAFETY: the pointer came from the live object that the caller holds.
    let attach_type = unsafe { libbpf_sys::bpf_program__expected_attach_type(program.as_ptr()) };
    // SAFETY: as above.
    let flags = unsafe { libbpf_sys::bpf_program__flags(program.as_ptr()) };
    (attach_type, flags)
}

fn funcs(program: NonNull<bpf_program>) -> Vec<(u32, u32)> {
    // SAFETY: the pointer came from the live object that the caller holds.
    let first = unsafe { libbpf_sys::bpf_program__func_info(program.as_ptr()) };
    // SAFETY: as above.
    let count = unsafe { libbpf_sys::bpf_program__func_info_cnt(program.as_ptr()) };
    if first.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: libbpf keeps `count` records there until the object changes, which it does not while we read.
    let records = unsafe { std::slice::from_raw_parts(first, count as usize) };
    records.iter().map(|record| (record.insn_off, record.type_id)).collect()
}

fn lines(program: NonNull<bpf_program>) -> Vec<[u32; 4]> {
    // SAFETY: the pointer came from the live object that the caller holds.
    let first = unsafe { libbpf_sys::bpf_program__line_info(program.as_ptr()) };
    // SAFETY: as above.
    let count = unsafe { libbpf_sys::bpf_program__line_info_cnt(program.as_ptr()) };
    if first.is_null() || count == 0 {
        return Vec::new();
    }
    // SAFETY: libbpf keeps `count` records there until the object changes, which it does not while we read.
    let records = unsafe { std::slice::from_raw_parts(first, count as usize) };
    records.iter().map(|r| [r.insn_off, r.file_name_off, r.line_off, r.line_col]).collect()
}

fn attributes(map: NonNull<bpf_map>) -> ([u32; 6], u64) {
    let map = map.as_ptr();
    // SAFETY: the pointer came from the live object that the caller holds; so for all that follow.
    let map_type = unsafe { libbpf_sys::bpf_map__type(map) };
    // SAFETY: as above.
    let key_size = unsafe { libbpf_sys::bpf_map__key_size(map) };
    // SAFETY: as above.
    let value_size = unsafe { libbpf_sys::bpf_map__value_size(map) };
    // SAFETY: as above.
    let max_entries = unsafe { libbpf_sys::bpf_map__max_entries(map) };
    // SAFETY: as above.
    let flags = unsafe { libbpf_sys::bpf_map__map_flags(map) };
    // SAFETY: as above.
    let numa_node = unsafe { libbpf_sys::bpf_map__numa_node(map) };
    // SAFETY: as above.
    let extra = unsafe { libbpf_sys::bpf_map__map_extra(map) };
    ([map_type, key_size, value_size, max_entries, flags, numa_node], extra)
}

fn maps(object: &OpenObject, defined: Vec<([u32; 6], u64)>) -> Vec<Map> {
    let describe = |(map, defined): (libbpf_rs::OpenMap<'_>, _)| {
        let created = attributes(map.as_libbpf_object());
        let is_struct_ops = created.0.first() == Some(&libbpf_sys::BPF_MAP_TYPE_STRUCT_OPS);
        let (attributes, extra) = if is_struct_ops { created } else { defined };
        // SAFETY: the pointer came from the live object that the caller holds.
        let fd = unsafe { libbpf_sys::bpf_map__fd(map.as_libbpf_object().as_ptr()) };
        let initial = map.initial_value().map(<[u8]>::to_vec);
        Map { name: text(map.name()), fd, attributes, extra, initial }
    };
    object.maps().zip(defined).map(describe).collect()
}
