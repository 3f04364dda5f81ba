//! Structs of operations: their value as the kernel takes it, and putting them into effect
//! (`bpf_map_prepare_vdata`, `bpf_map__attach_struct_ops` of libbpf).

use skep_btf::{Btf, Composite};
use skep_object::{MapIdx, Resolved, StructOpsSpec};

use super::Loaded;
use crate::{HostError, Link};

impl Loaded {
    /// Puts a struct of operations into effect: sets the map's value and, for one of `.struct_ops.link`, makes the
    /// link that keeps it. Without a link the operations stay in effect until the map's element is deleted.
    /// `kernel` are the running kernel's types.
    ///
    /// # Errors
    /// When the map is of another kind or was not created, one of its programs was not loaded, or the kernel refuses.
    pub fn attach_struct_ops(
        &self,
        resolved: &Resolved,
        index: MapIdx,
        kernel: &Btf,
    ) -> Result<Option<Link>, HostError> {
        let map = self.map(index).map_err(Clone::clone)?;
        let what = || format!("put the operations of {} into effect", map.name());
        let ops = resolved.maps[index.at()]
            .struct_ops
            .as_ref()
            .ok_or_else(|| HostError::unsupported(what(), "it is a map of another kind"))?;
        let value = self
            .struct_ops_value(resolved, ops, kernel)
            .map_err(|found| HostError::missing(what(), found))?;
        map.update(&0_u32.to_ne_bytes(), &value)?;
        if ops.is_link { Link::struct_ops(map).map(Some) } else { Ok(None) }
    }

    /// The struct with the kernel's layout, programs as descriptors.
    fn struct_ops_value(
        &self,
        resolved: &Resolved,
        ops: &StructOpsSpec,
        kernel: &Btf,
    ) -> Result<Vec<u8>, String> {
        let no_type = || format!("the kernel has no struct {}", ops.type_name);
        let (ty, value) = ops.kernel_type.zip(ops.kernel_value_type).ok_or_else(no_type)?;
        let size = kernel.size_of(value).and_then(|size| usize::try_from(size).ok());
        let mut bytes = vec![0; size.filter(|&size| size < 1 << 20).ok_or_else(no_type)?];
        let value = composite(kernel, value).ok_or_else(no_type)?;
        let data = value.members().find(|member| member.ty == ty).ok_or_else(no_type)?;
        let start = data.bit_offset as usize / 8;
        let theirs = composite(kernel, ty).ok_or_else(no_type)?;
        let object = resolved.btf.as_ref().ok_or("the object has no types")?;
        let ours = composite(object, ops.ty).ok_or("the object's types lack the struct")?;
        for member in ours.members() {
            let Some(their) = theirs.members().find(|their| their.name == member.name) else {
                // Resolution has seen that nothing is set there.
                continue;
            };
            let (from, to) = (member.bit_offset / 8, start + their.bit_offset as usize / 8);
            let implementation = ops.programs.iter().find(|program| program.offset == from);
            let data = match implementation {
                Some(implementation) => {
                    let program = self.program(implementation.program).map_err(|why| {
                        format!("program {} is not loaded: {why}", implementation.name)
                    })?;
                    let fd = std::os::fd::AsRawFd::as_raw_fd(&std::os::fd::AsFd::as_fd(program));
                    u64::from(fd.cast_unsigned()).to_ne_bytes().to_vec()
                }
                None => {
                    let size = object.size_of(member.ty).unwrap_or(0) as usize;
                    let from = from as usize;
                    ops.data.get(from..from.saturating_add(size)).unwrap_or_default().to_vec()
                }
            };
            if let Some(place) = bytes.get_mut(to..to + data.len()) {
                place.copy_from_slice(&data);
            }
        }
        Ok(bytes)
    }
}

fn composite(btf: &Btf, id: skep_btf::TypeId) -> Option<Composite<'_>> {
    btf.ty(btf.resolve(id)).composite()
}
