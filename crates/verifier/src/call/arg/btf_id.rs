//! Kernel objects by their types (`btf_struct_ids_match`).

use skep_btf::{Btf, Kind, Type, TypeId};
use skep_isa::Reg;

use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::Payload;

rejections! {
    /// A kernel object of the wrong type is passed.
    WrongObject("object-type-mismatch", EACCES, help: "pass an object of the type that is asked for") {
        regno: u8, found: String, expected: String,
    } => "R{regno} is of type {found} but {expected} is expected";
}

/// The kernel's struct of this name.
pub(crate) fn named(env: &Env<'_>, name: &str) -> Step<TypeId> {
    let found = env.kernel.btf.find(name, Kind::Struct);
    found.map_or_else(
        || Stop::unsupported(format!("struct {name}, which the kernel's types lack")),
        Ok,
    )
}

/// A type of the program's BTF, or of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// Whether it is of the program's.
    pub(crate) local: bool,
    /// Which.
    pub(crate) id: TypeId,
}

impl Object {
    /// A type of the kernel.
    pub(crate) const fn kernel(id: TypeId) -> Self {
        Self { local: false, id }
    }

    /// Its name.
    pub(crate) fn name<'a>(self, env: &Env<'a>) -> &'a str {
        btf_of(env, self.local).map_or("", |btf| btf.name(self.id))
    }
}

fn btf_of<'a>(env: &Env<'a>, local: bool) -> Option<&'a Btf> {
    if local { env.prog.btf } else { Some(env.kernel.btf) }
}

/// Checks that the object in a register is of this type of the kernel, or begins with one where it points.
pub(crate) fn check(env: &Env<'_>, regno: Reg, wanted: TypeId, is_strict: bool) -> Step {
    let reg = env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Stop::bug("a pointer to an object lacks its type");
    };
    let (found, wanted) = (Object { local, id }, Object::kernel(wanted));
    if matches(env, found, reg.off, wanted, is_strict) {
        return Ok(());
    }
    let (found, expected) = (found.name(env).to_owned(), wanted.name(env).to_owned());
    Err(WrongObject { regno: regno.0, found, expected }.into())
}

/// Whether a pointer `off` bytes into an object of type `found` is one to `wanted` (`btf_struct_ids_match`).
///
/// With `is_strict` the object itself must be of that type; otherwise a struct within it will do that begins there.
pub(crate) fn matches(
    env: &Env<'_>,
    found: Object,
    off: i32,
    wanted: Object,
    is_strict: bool,
) -> bool {
    if off == 0 && found == wanted {
        return true;
    }
    let (Ok(mut off), Some(btf)) = (u32::try_from(off), btf_of(env, found.local)) else {
        return false;
    };
    if is_strict || found.local != wanted.local {
        return false;
    }
    let mut id = found.id;
    while let Some(inner) = struct_at(btf, id, off) {
        if inner == wanted.id {
            return true;
        }
        (id, off) = (inner, 0);
    }
    false
}

/// The outermost struct that is a member of `id`, directly or within others, and begins at `off`.
pub(crate) fn struct_at(btf: &Btf, id: TypeId, mut off: u32) -> Option<TypeId> {
    let mut id = btf.resolve(id);
    'outer: loop {
        let composite = btf.ty(id).composite()?;
        if off >= composite.size {
            let (element, start) = flexible_tail(btf, id)?;
            let size = u32::try_from(btf.size_of(element)?).ok().filter(|&size| size > 0)?;
            off = off.checked_sub(start)? % size;
            id = element;
            continue;
        }
        for member in composite.members() {
            let start = member.bit_offset / 8;
            if off < start {
                return None;
            }
            if member.bitfield != 0 {
                continue;
            }
            let size = u32::try_from(btf.size_of(member.ty)?).ok()?;
            if off >= start.saturating_add(size) {
                continue;
            }
            let (inner, element) = element_of(btf, member.ty);
            let start = match element {
                0 => start,
                element => start + (off - start) / element * element,
            };
            btf.ty(inner).composite()?;
            if off == start {
                return Some(inner);
            }
            off -= start;
            id = inner;
            continue 'outer;
        }
        return None;
    }
}

/// The type of an array's elements, however deep, and their size; 0 where it is no array.
fn element_of(btf: &Btf, ty: TypeId) -> (TypeId, u32) {
    let mut ty = btf.resolve(ty);
    let mut is_array = false;
    while let Type::Array(array) = btf.ty(ty) {
        ty = btf.resolve(array.element);
        is_array = true;
    }
    let size = btf.size_of(ty).and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
    (ty, if is_array { size } else { 0 })
}

/// The struct of which a flexible array at the end of `id` is made, and where the array begins.
fn flexible_tail(btf: &Btf, id: TypeId) -> Option<(TypeId, u32)> {
    let last = btf.ty(id).composite()?.members().last()?;
    let Type::Array(array) = btf.ty(btf.resolve(last.ty)) else { return None };
    let element = btf.resolve(array.element);
    (array.len == 0 && btf.ty(element).composite().is_some())
        .then_some((element, last.bit_offset / 8))
}
