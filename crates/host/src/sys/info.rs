//! `BPF_OBJ_GET_INFO_BY_FD`: the kernel's records, which grow at their ends from release to release.

use std::io;
use std::os::fd::BorrowedFd;

use super::{Command, addr_mut, bpf, len, number};

/// Head of `union bpf_attr` for `BPF_OBJ_GET_INFO_BY_FD`.
#[repr(C)]
struct GetInfo {
    bpf_fd: u32,
    info_len: u32,
    info: u64,
}

/// Asks for a record. What an older kernel does not know stays as it was. The caller has put nothing but addresses
/// of live buffers with their lengths into it.
fn get<T>(fd: BorrowedFd<'_>, info: &mut T) -> io::Result<()> {
    let mut attr = GetInfo {
        bpf_fd: number(fd),
        info_len: size_of::<T>() as u32,
        info: std::ptr::from_mut(info) as u64,
    };
    bpf(Command::ObjGetInfoByFd, &mut attr).map(drop)
}

/// `struct bpf_map_info`, up to 5.16's last field.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MapInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) key_size: u32,
    pub(crate) value_size: u32,
    pub(crate) max_entries: u32,
    pub(crate) map_flags: u32,
    pub(crate) name: [u8; 16],
    pub(crate) ifindex: u32,
    pub(crate) btf_vmlinux_value_type_id: u32,
    pub(crate) netns_dev: u64,
    pub(crate) netns_ino: u64,
    pub(crate) btf_id: u32,
    pub(crate) btf_key_type_id: u32,
    pub(crate) btf_value_type_id: u32,
    pub(crate) btf_vmlinux_id: u32,
    pub(crate) map_extra: u64,
}

/// What the kernel knows of a map.
pub(crate) fn map(fd: BorrowedFd<'_>) -> io::Result<MapInfo> {
    let mut info = MapInfo::default();
    get(fd, &mut info)?;
    Ok(info)
}

/// `struct bpf_prog_info`, up to 6.0's last field.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProgInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) tag: [u8; 8],
    pub(crate) jited_prog_len: u32,
    pub(crate) xlated_prog_len: u32,
    jited_prog_insns: u64,
    xlated_prog_insns: u64,
    pub(crate) load_time: u64,
    pub(crate) created_by_uid: u32,
    pub(crate) nr_map_ids: u32,
    map_ids: u64,
    pub(crate) name: [u8; 16],
    pub(crate) ifindex: u32,
    pub(crate) gpl_compatible: u32,
    pub(crate) netns_dev: u64,
    pub(crate) netns_ino: u64,
    pub(crate) nr_jited_ksyms: u32,
    pub(crate) nr_jited_func_lens: u32,
    jited_ksyms: u64,
    jited_func_lens: u64,
    pub(crate) btf_id: u32,
    pub(crate) func_info_rec_size: u32,
    func_info: u64,
    pub(crate) nr_func_info: u32,
    pub(crate) nr_line_info: u32,
    line_info: u64,
    jited_line_info: u64,
    pub(crate) nr_jited_line_info: u32,
    pub(crate) line_info_rec_size: u32,
    pub(crate) jited_line_info_rec_size: u32,
    pub(crate) nr_prog_tags: u32,
    prog_tags: u64,
    pub(crate) run_time_ns: u64,
    pub(crate) run_cnt: u64,
    pub(crate) recursion_misses: u64,
    pub(crate) verified_insns: u32,
    pub(crate) attach_btf_obj_id: u32,
    pub(crate) attach_btf_id: u32,
    zero: u32,
}

/// What the kernel knows of a program, the ids of its maps, and its insns as the verifier left them (none where the
/// kernel does not show them).
pub(crate) fn prog(fd: BorrowedFd<'_>) -> io::Result<(ProgInfo, Vec<u32>, Vec<[u8; 8]>)> {
    let mut first = ProgInfo::default();
    get(fd, &mut first)?;
    let mut maps = vec![0_u32; first.nr_map_ids as usize];
    let mut insns = vec![[0_u8; 8]; first.xlated_prog_len as usize / 8];
    let mut info = ProgInfo {
        nr_map_ids: maps.len() as u32,
        map_ids: addr_mut(&mut maps),
        xlated_prog_len: len(&insns)?,
        xlated_prog_insns: addr_mut(&mut insns),
        ..ProgInfo::default()
    };
    get(fd, &mut info)?;
    maps.truncate(info.nr_map_ids as usize);
    // The address is cleared where the kernel keeps the insns to itself.
    let shown = if info.xlated_prog_insns == 0 { 0 } else { info.xlated_prog_len as usize / 8 };
    insns.truncate(shown);
    Ok((info, maps, insns))
}

/// `struct bpf_btf_info`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BtfInfo {
    btf: u64,
    pub(crate) btf_size: u32,
    pub(crate) id: u32,
    name: u64,
    pub(crate) name_len: u32,
    pub(crate) kernel_btf: u32,
}

/// What the kernel knows of types, their name (of a module, or `vmlinux`), and their bytes.
pub(crate) fn btf(fd: BorrowedFd<'_>) -> io::Result<(BtfInfo, Vec<u8>, Vec<u8>)> {
    let mut first = BtfInfo::default();
    get(fd, &mut first)?;
    let mut bytes = vec![0_u8; first.btf_size as usize];
    let mut name = vec![0_u8; 64];
    let mut info = BtfInfo {
        btf: addr_mut(&mut bytes),
        btf_size: len(&bytes)?,
        name: addr_mut(&mut name),
        name_len: len(&name)?,
        ..BtfInfo::default()
    };
    get(fd, &mut info)?;
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    name.truncate(end);
    Ok((info, name, bytes))
}

/// `struct bpf_link_info` as words: what follows the program's id depends on the kind of link.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinkInfo {
    pub(crate) kind: u32,
    pub(crate) id: u32,
    pub(crate) prog_id: u32,
    zero: u32,
    pub(crate) words: [u64; 8],
}

/// What the kernel knows of a link. `name_at` tells from a first answer which word points to a name, whose length
/// follows it.
pub(crate) fn link(
    fd: BorrowedFd<'_>,
    name_at: impl FnOnce(&LinkInfo) -> Option<usize>,
) -> io::Result<(LinkInfo, Vec<u8>)> {
    let mut info = LinkInfo::default();
    get(fd, &mut info)?;
    let Some(at) = name_at(&info).filter(|at| at + 1 < info.words.len()) else {
        return Ok((info, Vec::new()));
    };
    let mut name = vec![0_u8; 256];
    let mut named = LinkInfo::default();
    named.words[at] = addr_mut(&mut name);
    named.words[at + 1] = len(&name)?.into();
    match get(fd, &mut named) {
        Ok(()) => {}
        // A name that does not fit is cut.
        Err(error) if error.raw_os_error() == Some(libc::ENOSPC) => {}
        Err(error) => return Err(error),
    }
    named.words[at] = 0;
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    name.truncate(end);
    Ok((LinkInfo { words: named.words, ..info }, name))
}
