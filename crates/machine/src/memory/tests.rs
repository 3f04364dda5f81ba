//! Accesses that are granted and refused, and what is said of the latter.

use skep_abi::{Addr, Errno};

use super::{AtomicOp, Label, Memory, Rights, Slab, SlabSpec, Width, Window};
use crate::Access;

fn slab(memory: &Memory, size: u64, count: u64) -> Slab {
    memory.alloc(&SlabSpec::new(Window::Maps, size, count, Label::new("value", "map `m`"))).unwrap()
}

fn at(slab: &Slab, index: u64, offset: i64) -> Addr {
    slab.addr(index).offset(offset)
}

#[test]
fn every_offset_of_every_width_is_granted_exactly_within_an_element() {
    let memory = Memory::new().unwrap();
    for size in [1_u64, 3, 8, 13, 64] {
        let slab = slab(&memory, size, 5);
        for width in [Width::B, Width::H, Width::W, Width::Dw] {
            for index in 0..5 {
                for offset in -20..=size as i64 + 20 {
                    let fits = offset >= 0 && offset as u64 + width.bytes() <= size;
                    // The red zone is 8 bytes after the element, rounded up: 20 past the end is the next one.
                    let stride = slab.addr(1).0 - slab.addr(0).0;
                    let other =
                        (offset + index as i64 * stride as i64).rem_euclid(stride as i64) as u64;
                    let global = index as i64 * stride as i64 + offset;
                    let in_other =
                        (0..5 * stride as i64).contains(&global) && other + width.bytes() <= size;
                    let answer = memory.load(at(&slab, index, offset), width);
                    assert_eq!(
                        answer.is_ok(),
                        fits || in_other,
                        "{width:?} at {offset} of {size} bytes"
                    );
                }
            }
        }
    }
}

#[test]
fn values_of_all_widths_and_alignments_come_back() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 64, 1);
    let mut model = [0_u8; 64];
    let mut seed = 1_u64;
    for _ in 0..5000 {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let width = [Width::B, Width::H, Width::W, Width::Dw][(seed >> 60) as usize % 4];
        let len = width.bytes() as usize;
        let offset = (seed >> 32) as usize % (65 - len);
        let addr = at(&slab, 0, offset as i64);
        memory.store(addr, width, seed).unwrap();
        model[offset..offset + len].copy_from_slice(&seed.to_le_bytes()[..len]);
        assert_eq!(memory.load(addr, width), Ok(seed & width.mask()));
    }
    let mut bytes = [0; 64];
    memory.read(slab.addr(0), &mut bytes).unwrap();
    assert_eq!(bytes, model);
}

#[test]
fn bulk_accesses_touch_exactly_their_bytes() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 40, 1);
    for start in 0..20 {
        for len in 0..20 {
            memory.fill(slab.addr(0), 40, 0xee).unwrap();
            let data: Vec<u8> = (1..=len as u8).collect();
            memory.write(at(&slab, 0, start), &data).unwrap();
            let mut expected = [0xee; 40];
            expected[start as usize..start as usize + len].copy_from_slice(&data);
            assert_eq!(memory.read_vec(slab.addr(0), 40).unwrap(), expected);
            memory.fill(at(&slab, 0, start), len as u64, 7).unwrap();
            expected[start as usize..start as usize + len].fill(7);
            assert_eq!(memory.read_vec(slab.addr(0), 40).unwrap(), expected);
        }
    }
    assert!(memory.write(at(&slab, 0, 30), &[0; 11]).is_err());
    assert_eq!(memory.write(Addr::NULL, &[]), Ok(()));
    assert!(memory.read_vec(slab.addr(0), u64::MAX).is_err());
}

#[test]
fn atomic_operations_give_what_was_there() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 16, 1);
    let low = slab.addr(0);
    let high = low.offset(4);
    memory.store(low, Width::Dw, 0x1111_1111_ffff_ffff).unwrap();
    assert_eq!(memory.atomic(low, Width::W, AtomicOp::Add, 2), Ok(0xffff_ffff));
    assert_eq!(memory.load(low, Width::Dw), Ok(0x1111_1111_0000_0001), "a carry stays in its half");
    assert_eq!(memory.atomic(high, Width::W, AtomicOp::Xor, 0x1111_0000), Ok(0x1111_1111));
    assert_eq!(memory.atomic(high, Width::W, AtomicOp::Or, 0x10), Ok(0x1111));
    assert_eq!(memory.atomic(high, Width::W, AtomicOp::And, 0x1010), Ok(0x1111));
    assert_eq!(memory.atomic(high, Width::W, AtomicOp::Xchg, 5), Ok(0x1010));
    assert_eq!(memory.cmpxchg(high, Width::W, 4, 9), Ok(5));
    assert_eq!(memory.cmpxchg(high, Width::W, 5 | 1 << 40, 9), Ok(5), "only the low half counts");
    assert_eq!(memory.load(low, Width::Dw), Ok(0x0000_0009_0000_0001));
    assert_eq!(memory.store_release(low, Width::Dw, 3), Ok(()));
    assert_eq!(memory.load_acquire(low, Width::Dw), Ok(3));
    let fault = memory.atomic(low.offset(2), Width::W, AtomicOp::Add, 1).unwrap_err().to_string();
    assert!(fault.ends_with("which is not a multiple of 4"), "{fault}");
    assert!(memory.load_acquire(low.offset(4), Width::Dw).is_err());
}

#[test]
fn faults_say_what_is_near() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 12, 4);
    let code = memory.alloc_code(100, "program `p`").unwrap();
    let says = |addr: Addr, width| memory.load(addr, width).unwrap_err().to_string();
    let here = slab.addr(3);
    assert_eq!(
        says(here.offset(8), Width::Dw),
        format!(
            "read of 8 bytes at {:#x}: this runs past the end of value 3 of map `m` (12 bytes) from its byte 8",
            here.0 + 8
        )
    );
    let ends =
        |addr, end: &str| assert!(says(addr, Width::B).ends_with(end), "{}", says(addr, Width::B));
    ends(here.offset(15), "this is 3 bytes past the end of value 3 of map `m` (12 bytes)");
    ends(slab.addr(0).offset(-1), "this is 1 bytes before value 0 of map `m` (12 bytes)");
    ends(Addr(8), "this is a null pointer");
    ends(Addr(0x40_1000), "this is an address of user space");
    ends(Addr(0xffff_9999_0000_0000), "nothing is there");
    ends(code.offset(99), "this is the code of program `p`");
    assert_eq!(memory.describe(here.offset(3)), "byte 3 of value 3 of map `m` (12 bytes)");
    assert_eq!(memory.describe(Addr(0xffff_9999_0000_0000)), "no object");
}

#[test]
fn addresses_at_the_ends_of_everything_are_refused() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 8, 1);
    for addr in [0, 1, u64::MAX, u64::MAX - 7, super::window::BASE, super::window::BASE - 1] {
        assert!(memory.load(Addr(addr), Width::Dw).is_err(), "{addr:#x}");
    }
    let end = super::window::BASE + super::window::SPAN;
    for addr in [end - 8, end, end + 8] {
        assert!(memory.check(Addr(addr), 8, Access::Read).is_err(), "{addr:#x}");
    }
    assert!(memory.check(slab.addr(0), u64::MAX, Access::Read).is_err());
    assert_eq!(memory.check(Addr(1), 0, Access::Write), Ok(()));
}

#[test]
fn read_only_memory_is_written_by_the_machine_alone() {
    let memory = Memory::new().unwrap();
    let mut spec = SlabSpec::new(Window::Contexts, 8, 1, Label::new("context", "test"));
    spec.rights = Rights::READ_ONLY;
    let slab = memory.alloc(&spec).unwrap();
    let addr = slab.addr(0);
    let fault = memory.store(addr, Width::Dw, 1).unwrap_err().to_string();
    assert!(fault.ends_with("the context of test does not allow it"), "{fault}");
    assert!(memory.atomic(addr, Width::Dw, AtomicOp::Add, 1).is_err());
    assert!(memory.fill(addr, 8, 1).is_err());
    memory.kernel_write(addr, &[1, 2]).unwrap();
    assert!(memory.kernel_write(addr.offset(1), &[0; 8]).is_err());
    assert_eq!(memory.load(addr, Width::Dw), Ok(0x0201));

    spec.rights = Rights { read: false, write: true };
    let slab = memory.alloc(&spec).unwrap();
    assert_eq!(memory.store(slab.addr(0), Width::W, 7), Ok(()));
    assert!(memory.load(slab.addr(0), Width::W).is_err());
    assert!(memory.atomic(slab.addr(0), Width::W, AtomicOp::Xchg, 7).is_err());
}

#[test]
fn elements_are_born_and_die_one_by_one() {
    let memory = Memory::new().unwrap();
    let mut spec = SlabSpec::new(Window::Objects, 16, 100, Label::new("thing", ""));
    spec.is_each_alive = true;
    let slab = memory.alloc(&spec).unwrap();
    assert!(memory.load(slab.addr(70), Width::B).is_err());
    memory.name_element(&slab, 70, "the task of Anna".to_owned());
    memory.set_live(&slab, 70, true);
    assert_eq!(memory.load(slab.addr(70), Width::B), Ok(0));
    assert!(memory.load(slab.addr(69), Width::B).is_err());
    memory.set_live(&slab, 70, false);
    let fault = memory.load(slab.addr(70), Width::B).unwrap_err().to_string();
    assert!(fault.ends_with("the task of Anna is no longer alive"), "{fault}");
    assert_eq!(memory.load_or_zero(slab.addr(70), Width::Dw), 0);
    assert_eq!(memory.probe_read(slab.addr(70), &mut [0]), Err(Errno::EFAULT));
}

#[test]
fn a_freed_region_is_remembered_and_its_addresses_are_not_used_again() {
    let memory = Memory::new().unwrap();
    let old = slab(&memory, 1 << 20, 1);
    memory.fill(old.addr(0), 1 << 20, 1).unwrap();
    memory.free(&old);
    let fault = memory.load(old.addr(0), Width::B).unwrap_err().to_string();
    assert!(fault.ends_with("the value of map `m` is no longer alive"), "{fault}");
    let new = slab(&memory, 1 << 20, 1);
    assert!(new.addr(0) > old.addr(0));
    assert!(memory.load(old.addr(0), Width::B).is_err());
}

#[test]
fn loads_that_the_exception_table_catches_are_zero() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 8, 1);
    memory.store(slab.addr(0), Width::Dw, 5).unwrap();
    assert_eq!(memory.load_or_zero(slab.addr(0), Width::Dw), 5);
    for addr in [Addr::NULL, Addr(0x1000), slab.addr(0).offset(4), Addr(u64::MAX)] {
        assert_eq!(memory.load_or_zero(addr, Width::Dw), 0);
    }
}

#[test]
fn strings_end_at_their_nul_or_the_limit() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 8, 1);
    memory.write(slab.addr(0), b"abc\0defg").unwrap();
    assert_eq!(memory.read_cstr(slab.addr(0), 100).unwrap(), b"abc");
    assert_eq!(memory.read_cstr(slab.addr(0), 2).unwrap(), b"ab");
    assert!(memory.read_cstr(slab.addr(0).offset(4), 100).is_err(), "no NUL before the end");
}

#[test]
fn the_same_allocations_get_the_same_addresses() {
    let allocate = || {
        let memory = Memory::new().unwrap();
        let sizes = [1_u64, 5000, 8, 1 << 20];
        sizes.map(|size| slab(&memory, size, 3).addr(2).0)
    };
    assert_eq!(allocate(), allocate());
    assert!(allocate().iter().all(|addr| *addr >> 47 == 0x1_ffff));
}

#[test]
fn windows_that_are_full_say_so() {
    let memory = Memory::new().unwrap();
    let huge = SlabSpec::new(Window::Contexts, 1 << 40, 1, Label::new("value", ""));
    assert!(memory.alloc(&huge).is_err());
    let many = SlabSpec::new(Window::Contexts, 1 << 20, u64::MAX, Label::new("value", ""));
    assert!(memory.alloc(&many).is_err());
    let endless = SlabSpec::new(Window::Contexts, u64::MAX, 1, Label::new("value", ""));
    assert!(memory.alloc(&endless).is_err());
    assert!(memory.alloc(&SlabSpec::new(Window::Contexts, 8, 1, Label::new("value", ""))).is_ok());
}

#[test]
fn counts_from_all_threads_add_up() {
    let memory = Memory::new().unwrap();
    let slab = slab(&memory, 8, 1);
    // Neighbours in one word, by different widths: none may disturb another.
    std::thread::scope(|scope| {
        for thread in 0..4_i64 {
            let (memory, slab) = (&memory, &slab);
            scope.spawn(move || {
                for n in 0..20_000_u64 {
                    if thread < 2 {
                        let half = at(slab, 0, 4 * (thread % 2));
                        memory.atomic(half, Width::W, AtomicOp::Add, 1 << 16).unwrap();
                    } else {
                        memory.store(at(slab, 0, thread - 2), Width::B, n).unwrap();
                        assert_eq!(memory.load(at(slab, 0, thread - 2), Width::B), Ok(n & 0xff));
                    }
                }
            });
        }
    });
    assert_eq!(
        memory.load(slab.addr(0), Width::Dw),
        Ok((20_000 << 48) | (20_000 << 16) & 0xffff_ffff | 0x1f1f)
    );
}
