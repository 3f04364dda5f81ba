//! Random sequences of operations on machines of random sizes, against masks that are plain lists of bits.

use std::sync::Arc;

use skep_abi::{Addr, Cpu, Errno};
use skep_btf::{Btf, BtfBuilder, MemberDef, TypeDef};

use super::MaskBits;
use crate::memory::{Label, SlabSpec, Window};
use crate::{FailAlloc, Machine, Width};

/// Types of a kernel with room for `nr_cpus` CPUs in a mask.
pub(crate) fn btf(nr_cpus: u32) -> Btf {
    let mut types = BtfBuilder::new();
    let mut push = |def: &TypeDef| types.push(def).unwrap();
    let int = |name: &str, size: u32| {
        let (is_signed, is_char, is_bool) = (true, false, false);
        let (name, bits) = (name.to_owned(), 8 * size);
        TypeDef::Int { name, size, bits, offset: 0, is_signed, is_char, is_bool }
    };
    let strukt = |name: &str, size: u32, members: Vec<MemberDef>| TypeDef::Struct {
        name: name.to_owned(),
        size,
        members,
    };
    let (word, number) = (push(&int("long", 8)), push(&int("int", 4)));
    let len = nr_cpus.div_ceil(64);
    let bits = push(&TypeDef::Array { element: word, index: number, len });
    let mask = push(&strukt("cpumask", 8 * len, vec![MemberDef::at("bits", bits, 0)]));
    let atomic = push(&strukt("", 4, vec![MemberDef::at("counter", number, 0)]));
    let usage = push(&strukt("refcount_struct", 4, vec![MemberDef::at("refs", atomic, 0)]));
    let members = vec![MemberDef::at("cpumask", mask, 0), MemberDef::at("usage", usage, 8 * len)];
    push(&strukt("bpf_cpumask", 8 * len + 8, members));
    Btf::parse(&types.finish().unwrap()).unwrap()
}

/// Numbers that look random and are the same in every run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A mask with all its words, bit by bit.
type Naive = Vec<bool>;

/// What the machine is believed to do.
struct Model {
    bits: MaskBits,
    masks: Vec<Naive>,
    cursors: Vec<u32>,
}

impl Model {
    fn first(&self, is: impl Fn(usize) -> bool) -> u32 {
        (0..self.bits.small).find(|cpu| is(*cpu as usize)).unwrap_or(self.bits.small)
    }

    fn choose(&mut self, on: usize, is: impl Fn(usize) -> bool) -> u32 {
        let size = self.bits.small;
        let last = self.cursors[on];
        let order = (last + 1..size).chain(0..size.min(last + 1));
        let next = order.into_iter().find(|cpu| is(*cpu as usize)).unwrap_or(size);
        if next < self.bits.nr_cpu_ids {
            self.cursors[on] = next;
        }
        next
    }

    fn whole_words(bits: u32) -> usize {
        bits.div_ceil(64) as usize * 64
    }

    fn combine(&mut self, [dst, a, b]: [usize; 3], op: impl Fn(bool, bool) -> bool) {
        for bit in 0..Self::whole_words(self.bits.small) {
            self.masks[dst][bit] = op(self.masks[a][bit], self.masks[b][bit]);
        }
    }
}

/// One machine, its masks, and what they are believed to hold.
struct Bench {
    machine: Machine,
    at: Vec<Addr>,
    model: Model,
    numbers: Numbers,
    nr_cpus: u32,
}

impl Bench {
    fn new(seed: u64, nr_cpu_ids: u32, nr_cpus: u32) -> Self {
        let machine = Machine::builder().cpus(nr_cpu_ids).btf(btf(nr_cpus)).build().unwrap();
        let bytes = MaskBits::bytes(nr_cpus);
        let mut at: Vec<Addr> =
            (0..2).map(|_| machine.cpumasks().create().unwrap().unwrap()).collect();
        // Two masks in memory that programs write, one of them unaligned.
        let spec = SlabSpec::new(Window::Maps, bytes + 8, 2, Label::new("value", "a map"));
        let slab = machine.memory().alloc(&spec).unwrap();
        at.extend([slab.addr(0), slab.addr(1).offset(3)]);
        let masks = vec![vec![false; bytes as usize * 8]; at.len()];
        let bits = MaskBits::new(nr_cpu_ids, nr_cpus);
        assert_eq!(machine.cpumasks().bits(), bits);
        let cursors = vec![0; nr_cpu_ids as usize];
        let model = Model { bits, masks, cursors };
        let mut bench = Self { machine, at, model, numbers: Numbers(seed | 1), nr_cpus };
        for mask in 2..4 {
            bench.scribble(mask);
        }
        bench
    }

    /// Fills a mask that programs may write with garbage, bits past the last CPU included.
    fn scribble(&mut self, mask: usize) {
        for word in 0..self.model.masks[mask].len() / 64 {
            let value = self.numbers.next() & self.numbers.next();
            let addr = self.at[mask].offset(8 * word as i64);
            self.machine.memory().store(addr, Width::Dw, value).unwrap();
            for bit in 0..64 {
                self.model.masks[mask][word * 64 + bit] = value >> bit & 1 != 0;
            }
        }
    }

    fn one_of(&mut self) -> usize {
        self.numbers.below(4) as usize
    }

    /// A CPU, or a number that none can have.
    fn cpu(&mut self) -> u32 {
        let nr = self.model.bits.nr_cpu_ids;
        match self.numbers.below(8) {
            0 => nr + self.numbers.below(70) as u32,
            1 => u32::MAX,
            _ => self.numbers.below(nr.into()) as u32,
        }
    }

    fn step(&mut self) {
        let masks = [self.one_of(), self.one_of(), self.one_of()];
        match self.numbers.below(4) {
            0 => self.ask(masks),
            1 => self.change(masks),
            2 => self.combine(masks),
            _ => self.compare(masks),
        }
        if self.numbers.below(16) == 0 {
            let mask = 2 + self.numbers.below(2) as usize;
            self.scribble(mask);
        }
    }

    fn ask(&mut self, [a, b, _]: [usize; 3]) {
        let on = self.numbers.below(self.model.bits.nr_cpu_ids.into()) as u32;
        let (x, y) = (self.at[a], self.at[b]);
        let (m, n) = (self.model.masks[a].clone(), self.model.masks[b].clone());
        let (ours, model) = (self.machine.cpumasks(), &mut self.model);
        assert_eq!(ours.first(x).unwrap(), model.first(|cpu| m[cpu]));
        assert_eq!(ours.first_zero(x).unwrap(), model.first(|cpu| !m[cpu]));
        assert_eq!(ours.first_and(x, y).unwrap(), model.first(|cpu| m[cpu] && n[cpu]));
        let chosen = ours.any_distribute(Cpu(on), x).unwrap();
        assert_eq!(chosen, model.choose(on as usize, |cpu| m[cpu]));
        let chosen = ours.any_and_distribute(Cpu(on), x, y).unwrap();
        assert_eq!(chosen, model.choose(on as usize, |cpu| m[cpu] && n[cpu]));
    }

    fn change(&mut self, [a, ..]: [usize; 3]) {
        let cpu = self.cpu();
        let (ours, mask) = (self.machine.cpumasks(), self.at[a]);
        let known = cpu < self.model.bits.nr_cpu_ids;
        let was = known && self.model.masks[a][cpu as usize];
        assert_eq!(ours.test_cpu(cpu, mask).unwrap(), was);
        let sets = self.numbers.below(2) == 0;
        let answer = if sets { ours.set_cpu(cpu, mask) } else { ours.clear_cpu(cpu, mask) };
        assert_eq!(answer.unwrap(), was);
        if known {
            self.model.masks[a][cpu as usize] = sets;
        }
    }

    fn combine(&mut self, masks: [usize; 3]) {
        let [dst, a, b] = masks;
        let [d, x, y] = masks.map(|mask| self.at[mask]);
        let ours = self.machine.cpumasks();
        let MaskBits { nr_cpu_ids, small, large } = self.model.bits;
        match self.numbers.below(7) {
            0 => {
                self.model.combine(masks, |a, b| a && b);
                let end = Model::whole_words(small);
                self.model.masks[dst][small as usize..end].fill(false);
                let any = self.model.masks[dst][..small as usize].contains(&true);
                assert_eq!(ours.and(d, x, y).unwrap(), any);
            }
            1 => {
                self.model.combine(masks, |a, b| a || b);
                ours.or(d, x, y).unwrap();
            }
            2 => {
                self.model.combine(masks, |a, b| a != b);
                ours.xor(d, x, y).unwrap();
            }
            3 => {
                self.model.masks[dst][..Model::whole_words(nr_cpu_ids)].fill(true);
                ours.setall(d).unwrap();
            }
            4 => {
                self.model.masks[dst][..Model::whole_words(large)].fill(false);
                ours.clear(d).unwrap();
            }
            5 => {
                let from = self.model.masks[a][..Model::whole_words(large)].to_vec();
                self.model.masks[dst][..from.len()].copy_from_slice(&from);
                ours.copy(d, x).unwrap();
            }
            _ => self.populate(dst, b),
        }
    }

    fn populate(&mut self, dst: usize, src: usize) {
        let ours = self.machine.cpumasks();
        let words = Model::whole_words(self.model.bits.nr_cpu_ids);
        let len = self.numbers.below(words as u64 / 8 + 9);
        let from = self.model.masks[src][..words].to_vec();
        for must_align in [true, false] {
            let answer = ours.populate(self.at[dst], (self.at[src], len), must_align).unwrap();
            let expected = match len {
                short if short < words as u64 / 8 => Err(Errno::EACCES),
                _ if must_align && src == 3 => Err(Errno::EINVAL),
                _ => Ok(()),
            };
            assert_eq!(answer, expected);
            if answer.is_ok() {
                self.model.masks[dst][..words].copy_from_slice(&from);
            }
        }
    }

    fn compare(&mut self, [a, b, _]: [usize; 3]) {
        let (ours, x, y) = (self.machine.cpumasks(), self.at[a], self.at[b]);
        let MaskBits { nr_cpu_ids, small, .. } = self.model.bits;
        let (m, n) = (&self.model.masks[a], &self.model.masks[b]);
        let mut cpus = 0..small as usize;
        assert_eq!(ours.equal(x, y).unwrap(), cpus.clone().all(|cpu| m[cpu] == n[cpu]));
        assert_eq!(ours.subset(x, y).unwrap(), cpus.clone().all(|cpu| !m[cpu] || n[cpu]));
        assert_eq!(ours.empty(x).unwrap(), !cpus.clone().any(|cpu| m[cpu]));
        assert_eq!(ours.weight(x).unwrap() as usize, cpus.clone().filter(|cpu| m[*cpu]).count());
        assert_eq!(ours.intersects(x, y).unwrap(), cpus.any(|cpu| m[cpu] && n[cpu]));
        assert_eq!(ours.full(x).unwrap(), m[..nr_cpu_ids as usize].iter().all(|set| *set));
    }

    /// Every bit of every mask, those past the last CPU included.
    fn check(&self) {
        for (mask, at) in self.model.masks.iter().zip(&self.at) {
            let bytes = self.machine.memory().read_vec(*at, MaskBits::bytes(self.nr_cpus)).unwrap();
            let wrong = mask
                .iter()
                .enumerate()
                .find(|(bit, set)| (bytes[bit / 8] >> (bit % 8) & 1 != 0) != **set);
            assert_eq!(wrong, None, "of {} CPUs", self.model.bits.nr_cpu_ids);
        }
    }
}

#[test]
fn random_operations_on_machines_of_1_to_8192_cpus_are_those_of_plain_bit_sets() {
    let mut sizes = Numbers(0x5eed);
    for round in 0..128_u64 {
        let nr_cpu_ids = match round {
            0 => 1,
            1 => 8192,
            _ => {
                let magnitude = sizes.below(14);
                1 + sizes.below(1 << magnitude) as u32
            }
        };
        let nr_cpus = match sizes.below(3) {
            0 => nr_cpu_ids.next_multiple_of(64),
            1 => nr_cpu_ids.next_multiple_of(64).max(256),
            _ => 8192,
        };
        let mut bench = Bench::new(round * 77 + 5, nr_cpu_ids.min(nr_cpus), nr_cpus);
        for _ in 0..60 {
            bench.step();
            bench.check();
        }
    }
}

#[test]
fn a_mask_lives_until_its_last_reference_and_the_programs_that_may_see_it_are_gone() {
    let machine = Machine::builder().cpus(2).btf(btf(256)).build().unwrap();
    let (masks, memory) = (machine.cpumasks(), machine.memory());
    let count = |mask: Addr| memory.load(mask.offset(32), Width::W).unwrap();
    let mask = masks.create().unwrap().unwrap();
    masks.acquire(mask).unwrap();
    assert_eq!(count(mask), 2);
    masks.release(mask).unwrap();
    assert_eq!(count(mask), 1);
    let busy = machine.cpu(Cpu(1)).unwrap().enter();
    masks.release(mask).unwrap();
    assert_eq!(count(mask), 0, "a program that runs may still look");
    let other = masks.create().unwrap().unwrap();
    assert_ne!(mask, other, "not reused while it does");
    // A program that began later cannot find it.
    let later = machine.cpu(Cpu(0)).unwrap().enter();
    drop(busy);
    assert!(memory.load(mask, Width::Dw).is_err(), "gone");
    drop(later);
    let third = masks.create().unwrap().unwrap();
    assert!(third == mask && count(mask) == 1, "reused afterwards, and empty");
    // A count that was misused never comes back to zero.
    let busy = machine.cpu(Cpu(1)).unwrap().enter();
    masks.release(third).unwrap();
    masks.acquire(third).unwrap();
    assert_eq!(count(third) as i32, i32::MIN / 2);
    masks.release(third).unwrap();
    assert_eq!(count(third) as i32, i32::MIN / 2);
    drop(busy);
    // Nobody runs, so that nobody needs to be waited for.
    masks.release(other).unwrap();
    assert!(memory.load(other, Width::Dw).is_err());
}

#[test]
fn a_program_that_may_sleep_keeps_masks_only_within_its_sections() {
    let machine = Machine::builder().cpus(2).btf(btf(256)).build().unwrap();
    let (masks, memory) = (machine.cpumasks(), machine.memory());
    let is_alive = |mask: Addr| memory.load(mask, Width::Dw).is_ok();
    let cpu = machine.cpu(Cpu(0)).unwrap();
    let _busy = cpu.enter().unwrap();
    cpu.rcu_read_unlock();
    let [first, second] = [(); 2].map(|()| masks.create().unwrap().unwrap());
    masks.release(first).unwrap();
    assert!(!is_alive(first));
    cpu.rcu_read_lock();
    masks.release(second).unwrap();
    let other = machine.cpu(Cpu(1)).unwrap().enter();
    assert!(is_alive(second));
    cpu.rcu_read_unlock();
    assert!(!is_alive(second), "the program on the other CPU began too late to know it");
    drop(other);
    assert!(cpu.enter().is_none(), "the CPU is busy all the time");
}

#[test]
fn allocations_fail_when_they_are_said_to() {
    let machine = Machine::builder().btf(btf(64)).build().unwrap();
    machine.failslab().fail(FailAlloc::Nth(2));
    let made: Vec<bool> = (0..3).map(|_| machine.cpumasks().create().unwrap().is_some()).collect();
    assert_eq!((made, machine.failslab().failed()), (vec![true, false, true], 1));
}

#[test]
fn what_is_no_mask_is_a_fault() {
    let machine = Machine::builder().cpus(2).btf(btf(256)).build().unwrap();
    let masks = machine.cpumasks();
    let words = |fault: crate::Fault| fault.to_string();
    assert!(words(masks.first(Addr(0)).unwrap_err()).contains("null pointer"));
    let spec = SlabSpec::new(Window::Maps, 40, 1, Label::new("value", "map `m`"));
    let value = machine.memory().alloc(&spec).unwrap().addr(0);
    assert!(words(masks.weight(value.offset(36)).unwrap_err()).contains("runs past the end"));
    // Memory that looks like a mask can be held, and even be let go, but never freed.
    machine.memory().store(value.offset(32), Width::W, 1).unwrap();
    masks.acquire(value).unwrap();
    masks.release(value).unwrap();
    let text = words(masks.release(value).unwrap_err());
    assert!(text.contains("is no bpf_cpumask to be freed"), "{text}");
    let read_only = SlabSpec { rights: crate::memory::Rights::READ_ONLY, ..spec };
    let value = machine.memory().alloc(&read_only).unwrap().addr(0);
    assert!(words(masks.set_cpu(0, value).unwrap_err()).contains("does not allow it"));
    let bare = Machine::builder().build().unwrap();
    assert!(words(bare.cpumasks().create().unwrap_err()).contains("no struct bpf_cpumask"));
    let small = Machine::builder().cpus(65).btf(btf(64)).build().unwrap_err();
    assert!(small.to_string().contains("built for 64 CPUs"), "{small}");
}

#[test]
fn cpus_that_set_bits_at_once_lose_none() {
    let machine = Arc::new(Machine::builder().cpus(256).btf(btf(256)).build().unwrap());
    let mask = machine.cpumasks().create().unwrap().unwrap();
    std::thread::scope(|scope| {
        for at in 0..4 {
            let machine = &machine;
            scope.spawn(move || {
                for cpu in (at..256).step_by(4) {
                    machine.cpumasks().set_cpu(cpu, mask).unwrap();
                }
            });
        }
    });
    assert!(machine.cpumasks().full(mask).unwrap());
}
