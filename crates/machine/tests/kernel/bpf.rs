//! The few `bpf(2)` commands that the tests compare the machine with.
#![expect(unsafe_code, reason = "system calls")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use skep_machine::map::KeyType;

const MAP_CREATE: i32 = 0;
const MAP_LOOKUP_ELEM: i32 = 1;
const MAP_UPDATE_ELEM: i32 = 2;
const MAP_DELETE_ELEM: i32 = 3;
const MAP_GET_NEXT_KEY: i32 = 4;
const PROG_LOAD: i32 = 5;
const PROG_TEST_RUN: i32 = 10;
const OBJ_GET_INFO_BY_FD: i32 = 15;
const BTF_LOAD: i32 = 18;
const MAP_LOOKUP_AND_DELETE_ELEM: i32 = 21;
const MAP_FREEZE: i32 = 22;

/// What the kernel answers: a number, or an errno.
pub(crate) type Answer<T> = Result<T, i32>;

/// `union bpf_attr`, filled by offset.
pub(crate) struct Attr([u64; 20]);

impl Attr {
    pub(crate) fn new() -> Self {
        Self([0; 20])
    }

    pub(crate) fn u32(mut self, offset: usize, value: u32) -> Self {
        let shift = 32 * (offset / 4 % 2);
        self.0[offset / 8] |= u64::from(value) << shift;
        self
    }

    pub(crate) fn u64(mut self, offset: usize, value: u64) -> Self {
        self.0[offset / 8] = value;
        self
    }

    fn ptr<T>(self, offset: usize, to: *const T) -> Self {
        self.u64(offset, to as u64)
    }
}

/// One system call; the caller has put nothing but pointers to live buffers of the right sizes into `attr`.
fn bpf(command: i32, attr: &mut Attr) -> Answer<i32> {
    // SAFETY: the kernel reads `attr` within the given size, and through it buffers that the caller holds.
    let code =
        unsafe { libc::syscall(libc::SYS_bpf, command, attr.0.as_mut_ptr(), size_of::<Attr>()) };
    if code < 0 {
        return Err(io::Error::last_os_error().raw_os_error().unwrap_or(0));
    }
    Ok(i32::try_from(code).unwrap())
}

fn owned(fd: i32) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us alone.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Types by their numbers in [`btf`].
const INT: u32 = 1;
const VALUE: u32 = 3;
const STRUCT: u32 = 4;

/// Types for maps: an `int`, an array of bytes as long as values, and a struct as large as an `int`.
fn btf(value_size: u32) -> Answer<OwnedFd> {
    const NAMES: &[u8] = b"\0int\0char\0s\0";
    let kind = |number: u32| number << 24;
    let int = [1, kind(1), 4, 1 << 24 | 32];
    let char_ = [5, kind(1), 1, 8];
    let bytes = [0, kind(3), 0, 2, 1, value_size];
    let strukt = [10, kind(4), 4];
    let words: [&[u32]; 4] = [&int, &char_, &bytes, &strukt];
    let types: Vec<u8> = words.concat().iter().flat_map(|word| word.to_le_bytes()).collect();
    let (len, names) = (types.len() as u32, NAMES.len() as u32);
    let head = [0x0001_eb9f, 24, 0, len, len, names];
    let mut bytes: Vec<u8> = head.iter().flat_map(|word: &u32| word.to_le_bytes()).collect();
    bytes.extend(types);
    bytes.extend(NAMES);
    let mut attr = Attr::new().ptr(0, bytes.as_ptr()).u32(16, bytes.len() as u32);
    bpf(BTF_LOAD, &mut attr).map(owned)
}

/// A map of the running kernel.
pub(crate) struct KernelMap {
    pub(crate) fd: OwnedFd,
    value_size: usize,
    key_size: usize,
}

impl KernelMap {
    /// `inner` is the descriptor of a map of the shape that a map of maps holds.
    pub(crate) fn create(
        def: &skep_machine::MapDef,
        inner: Option<&Self>,
        cpus: u32,
    ) -> Answer<Self> {
        let mut attr = Attr::new()
            .u32(0, def.map_type as u32)
            .u32(4, def.key_size)
            .u32(8, def.value_size)
            .u32(12, def.max_entries)
            .u32(16, def.flags.bits())
            .u32(24, def.numa_node)
            .u64(64, def.map_extra);
        if let Some(inner) = inner {
            attr = attr.u32(20, inner.fd.as_raw_fd().cast_unsigned());
        }
        let types = match def.key_type {
            KeyType::None => None,
            _ => Some(btf(def.value_size)?),
        };
        if let Some(types) = &types {
            let key = if def.key_type == KeyType::Int { INT } else { STRUCT };
            attr = attr.u32(48, types.as_raw_fd().cast_unsigned()).u32(52, key).u32(56, VALUE);
        }
        let fd = owned(bpf(MAP_CREATE, &mut attr)?);
        let value_size = def.value_size as usize;
        let value_size = match def.map_type.is_percpu() {
            true => value_size.next_multiple_of(8) * cpus as usize,
            false => value_size,
        };
        Ok(Self { fd, value_size, key_size: def.key_size as usize })
    }

    /// A map without keys takes none at all.
    fn pointer(&self, key: Option<&[u8]>) -> *const u8 {
        key.filter(|_| self.key_size != 0).map_or(std::ptr::null(), <[u8]>::as_ptr)
    }

    fn elem(&self, key: &[u8], value: &[u8], flags: u64) -> Attr {
        assert!(key.len() >= self.key_size && value.len() >= self.value_size);
        Attr::new()
            .u32(0, self.fd.as_raw_fd().cast_unsigned())
            .ptr(8, self.pointer(Some(key)))
            .ptr(16, value.as_ptr())
            .u64(24, flags)
    }

    pub(crate) fn lookup(&self, key: &[u8], flags: u64) -> Answer<Vec<u8>> {
        let value = vec![0; self.value_size];
        bpf(MAP_LOOKUP_ELEM, &mut self.elem(key, &value, flags))?;
        Ok(std::hint::black_box(value))
    }

    pub(crate) fn take(&self, key: &[u8], flags: u64) -> Answer<Vec<u8>> {
        let value = vec![0; self.value_size];
        bpf(MAP_LOOKUP_AND_DELETE_ELEM, &mut self.elem(key, &value, flags))?;
        Ok(std::hint::black_box(value))
    }

    pub(crate) fn update(&self, key: &[u8], value: &[u8], flags: u64) -> Answer<()> {
        bpf(MAP_UPDATE_ELEM, &mut self.elem(key, value, flags)).map(drop)
    }

    pub(crate) fn delete(&self, key: &[u8]) -> Answer<()> {
        let none = vec![0; self.value_size];
        bpf(MAP_DELETE_ELEM, &mut self.elem(key, &none, 0).u64(16, 0)).map(drop)
    }

    pub(crate) fn next_key(&self, key: Option<&[u8]>) -> Answer<Vec<u8>> {
        let next = vec![0; self.key_size.max(1)];
        let mut attr = Attr::new()
            .u32(0, self.fd.as_raw_fd().cast_unsigned())
            .ptr(8, self.pointer(key))
            .ptr(16, next.as_ptr());
        bpf(MAP_GET_NEXT_KEY, &mut attr)?;
        Ok(std::hint::black_box(next))
    }

    pub(crate) fn freeze(&self) -> Answer<()> {
        bpf(MAP_FREEZE, &mut Attr::new().u32(0, self.fd.as_raw_fd().cast_unsigned())).map(drop)
    }

    /// `bpf_map_info.id`, and `max_entries`.
    pub(crate) fn info(&self) -> Answer<(u32, u32)> {
        let info = [0_u32; 24];
        let mut attr = Attr::new()
            .u32(0, self.fd.as_raw_fd().cast_unsigned())
            .u32(4, size_of_val(&info) as u32)
            .ptr(8, info.as_ptr());
        bpf(OBJ_GET_INFO_BY_FD, &mut attr)?;
        let info = std::hint::black_box(info);
        Ok((info[1], info[4]))
    }
}

/// A program of the running kernel.
pub(crate) struct KernelProgram(pub(crate) OwnedFd);

impl KernelProgram {
    /// Loads insns as the uapi encodes them, under GPL.
    pub(crate) fn load(prog_type: u32, flags: u32, insns: &[u64]) -> Answer<Self> {
        let license = c"GPL";
        let log = vec![0_u8; 1 << 16];
        let mut attr = Attr::new()
            .u32(0, prog_type)
            .u32(4, u32::try_from(insns.len()).unwrap())
            .ptr(8, insns.as_ptr())
            .ptr(16, license.as_ptr())
            .u32(24, 1)
            .u32(28, log.len() as u32)
            .ptr(32, log.as_ptr())
            .u32(44, flags);
        let result = bpf(PROG_LOAD, &mut attr).map(|fd| Self(owned(fd)));
        if let Err(errno) = &result {
            let log = std::hint::black_box(log);
            let end = log.iter().position(|byte| *byte == 0).unwrap_or(0);
            println!(
                "the kernel refuses the program ({errno}): {}",
                String::from_utf8_lossy(&log[..end])
            );
        }
        result
    }

    /// Runs a program of type SYSCALL on this CPU with a context that it may change.
    pub(crate) fn run(&self, ctx: &mut [u64]) -> Answer<()> {
        let mut attr = Attr::new()
            .u32(0, self.0.as_raw_fd().cast_unsigned())
            .u32(40, size_of_val(ctx) as u32)
            .ptr(48, ctx.as_mut_ptr());
        // The context goes in and comes out through the same pointer: `ctx_in` of SYSCALL programs.
        bpf(PROG_TEST_RUN, &mut attr).map(drop)
    }
}

/// CPUs that this thread may run on.
pub(crate) fn allowed() -> Vec<usize> {
    // SAFETY: all zeroes are a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is valid for its size and lives through the call.
    let code = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &raw mut set) };
    assert_eq!(code, 0, "{}", io::Error::last_os_error());
    // SAFETY: the numbers are below the size of the set.
    (0..libc::CPU_SETSIZE as usize).filter(|cpu| unsafe { libc::CPU_ISSET(*cpu, &set) }).collect()
}

/// Pins this thread to a CPU, so that per-CPU values are those of one CPU.
pub(crate) fn pin(cpu: usize) {
    // SAFETY: all zeroes are a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is valid and `cpu` is below its size, or nothing is set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the set lives through the call.
    let code = unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) };
    assert_eq!(code, 0, "{}", io::Error::last_os_error());
}

/// Pages of a ring buffer: the consumer's position, which user space writes, and the rest.
pub(crate) struct Pages {
    consumer: *mut u64,
    producer: *const u64,
    size: usize,
}

const PAGE: usize = 4096;

impl Pages {
    /// Maps a ring of `size` bytes.
    pub(crate) fn map(ring: &KernelMap, size: usize) -> io::Result<Self> {
        let fd = ring.fd.as_raw_fd();
        let map = |len, rights, offset| {
            // SAFETY: a fresh shared mapping at an address of the kernel's choice.
            let at = unsafe {
                libc::mmap(std::ptr::null_mut(), len, rights, libc::MAP_SHARED, fd, offset)
            };
            if at == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(at) }
        };
        let consumer = map(PAGE, libc::PROT_READ | libc::PROT_WRITE, 0)?;
        let producer = map(PAGE + 2 * size, libc::PROT_READ, PAGE as libc::off_t)?;
        Ok(Self { consumer: consumer.cast(), producer: producer.cast_const().cast(), size })
    }

    /// Takes records as libbpf does.
    pub(crate) fn consume(&self) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        // SAFETY: the first word of the mapped producer page.
        let end = unsafe { self.producer.read_volatile() };
        // SAFETY: the first word of the mapped consumer page.
        let mut at = unsafe { self.consumer.read_volatile() };
        while at < end {
            let offset = PAGE + (at as usize & (self.size - 1));
            // SAFETY: the offset lies in the first copy of the ring.
            let record = unsafe { self.producer.byte_add(offset) };
            // SAFETY: headers lie at multiples of 8, as the mapping does.
            let header = unsafe { record.cast::<u32>().read_volatile() };
            if header >> 31 != 0 {
                break;
            }
            let len = (header & 0x3fff_ffff) as usize;
            if header >> 30 == 0 {
                // SAFETY: the data follows the header within the two copies of the ring.
                let data = unsafe { record.add(1) }.cast::<u8>();
                // SAFETY: as above; the kernel writes there only while a program runs, and none does.
                taken.push(unsafe { std::slice::from_raw_parts(data, len) }.to_vec());
            }
            at += (len + 8).next_multiple_of(8) as u64;
            // SAFETY: as above.
            unsafe { self.consumer.write_volatile(at) };
        }
        taken
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        for (at, len) in [(self.consumer.cast_const(), PAGE), (self.producer, PAGE + 2 * self.size)]
        {
            // SAFETY: the mapping is ours and nothing refers to it any more.
            unsafe { libc::munmap(at.cast_mut().cast(), len) };
        }
    }
}
