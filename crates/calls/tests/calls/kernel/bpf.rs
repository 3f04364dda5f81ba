//! The running kernel in the words of these tests: numbers of map and program types, errors as `io::Error`.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use skep_abi::{MapType, ProgType};
use skep_btf::Btf;
use skep_host::{
    HostError, LoadedProgram, LogBuffer, LogLevel, MapAttr, Program, TestRun, load_btf,
};

use super::asm::Asm;

fn io_error(error: HostError) -> io::Error {
    io::Error::from_raw_os_error(error.errno.0.into())
}

/// A map of the running kernel.
pub(crate) struct Map {
    map: skep_host::Map,
    /// A descriptor of it, whose number insns name.
    pub(crate) fd: OwnedFd,
}

impl Map {
    pub(crate) fn create(
        map_type: u32,
        key_size: u32,
        value_size: u32,
        max_entries: u32,
        flags: u32,
    ) -> io::Result<Self> {
        let kind = MapType::from_number(map_type).ok_or(io::ErrorKind::InvalidInput)?;
        let attr = MapAttr {
            name: "",
            kind,
            key_size,
            value_size,
            max_entries,
            flags,
            types: None,
            inner: None,
            extra: 0,
            kernel_value: 0,
        };
        let map = skep_host::Map::create(&attr).map_err(io_error)?;
        let fd = map.as_fd().try_clone_to_owned()?;
        Ok(Self { map, fd })
    }

    pub(crate) fn update(&self, key: &[u8], value: &[u8]) -> io::Result<()> {
        self.map.update(key, value).map_err(io_error)
    }

    pub(crate) fn lookup(&self, key: &[u8]) -> io::Result<Vec<u8>> {
        let value = self.map.lookup(key).map_err(io_error)?;
        value.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
    }

    pub(crate) fn freeze(&self) -> io::Result<()> {
        self.map.freeze().map_err(io_error)
    }
}

/// A load that the kernel refused.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) errno: i32,
    pub(crate) log: String,
}

impl Refused {
    /// The end of the log, where the reason stands.
    pub(crate) fn why(&self) -> String {
        let lines: Vec<&str> = self.log.lines().collect();
        format!("{} {}", self.errno, lines[lines.len().saturating_sub(3)..].join(" / "))
    }
}

/// A program to load.
#[derive(Clone, Copy)]
pub(crate) struct Load<'a> {
    pub(crate) prog_type: u32,
    pub(crate) attach_type: u32,
    pub(crate) attach_btf_id: u32,
    pub(crate) gpl: bool,
    pub(crate) asm: &'a Asm,
}

/// Loads a program.
pub(crate) fn load(load: Load<'_>) -> Result<LoadedProgram, Refused> {
    let refused = |errno: u16, log: &str| Refused { errno: errno.into(), log: log.to_owned() };
    let prog_type =
        ProgType::from_number(load.prog_type).ok_or_else(|| refused(22, "no such type"))?;
    let mut program = Program::new(prog_type, &[]);
    program.insns = load.asm.insns.iter().map(|insn| insn.to_le_bytes()).collect();
    program.license = if load.gpl { "GPL" } else { "Proprietary" };
    program.flags = if prog_type == ProgType::Syscall { 1 << 4 } else { 0 }; // These are sleepable.
    program.expected_attach_type = load.attach_type;
    program.attach_btf_id = load.attach_btf_id;
    let btf = match load.asm.callbacks.is_empty() {
        true => None,
        false => Some(load_btf(&func_btf()).map_err(|error| refused(error.errno.0, "no BTF"))?),
    };
    if btf.is_some() {
        let starts = std::iter::once(&0).chain(&load.asm.callbacks);
        program.funcs = starts.map(|start| [*start, FUNC_TYPE]).collect();
        program.btf = btf.as_ref();
    }
    let mut log = LogBuffer::whole();
    let fd =
        program.load(LogLevel::PATH, &mut log).map_err(|errno| refused(errno.0, &log.text()))?;
    LoadedProgram::of_fd(fd).map_err(|error| refused(error.errno.0, "no information"))
}

/// The id of `static int f()` in [`func_btf`].
const FUNC_TYPE: u32 = 3;

/// BTF with one function, which serves for the main function and for callbacks.
fn func_btf() -> Btf {
    const STRINGS: &[u8] = b"\0int\0f\0";
    let kind = |kind: u32| kind << 24;
    let types: Vec<u8> = [
        [1, kind(1), 4, 1 << 24 | 32].as_slice(), // int
        &[0, kind(13), 1],                        // int ()
        &[5, kind(12), 2],                        // static int f()
    ]
    .concat()
    .into_iter()
    .flat_map(u32::to_le_bytes)
    .collect();
    let (types_len, strings_len) = (types.len() as u32, STRINGS.len() as u32);
    let head = [0x0001_eb9f, 24, 0, types_len, types_len, strings_len];
    let mut blob: Vec<u8> = head.into_iter().flat_map(u32::to_le_bytes).collect();
    blob.extend(types);
    blob.extend_from_slice(STRINGS);
    Btf::parse(&blob).unwrap()
}

/// Runs a program once; returns its 32-bit result.
pub(crate) fn test_run(
    program: &LoadedProgram,
    data: Option<&[u8]>,
    ctx: &mut [u8],
) -> io::Result<u32> {
    let run = TestRun { data: data.unwrap_or_default(), ctx, ..TestRun::default() };
    let result = program.test_run(&run).map_err(io_error)?;
    ctx.copy_from_slice(&result.ctx);
    Ok(result.retval)
}
