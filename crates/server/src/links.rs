//! The address of a room's page: short enough to be typed where the stream id is the topic.

use url::Url;

use crate::spec::RoomSpec;

/// Where a browser finds a room of the server at `base`, of which only the scheme, the host and the port count. Nothing for an
/// address that has none.
pub fn page_link(base: &Url, room: &RoomSpec) -> Option<Url> {
    let mut link = base.clone();
    link.set_query(None);
    link.set_fragment(None);
    let (topic, stream) = (room.topic.as_str(), room.stream.as_str());
    let longer = (topic != stream).then_some(stream);
    link.path_segments_mut().ok()?.clear().extend(["r", topic]).extend(longer);
    Some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_short_where_it_can_be_and_holds_any_name() {
        let of = |base: &str, room| {
            page_link(&Url::parse(base).unwrap(), &room).map(|link| link.to_string())
        };
        let short = of("http://192.168.1.5:8790", RoomSpec::new("kmwhtz"));
        assert_eq!(short.as_deref(), Some("http://192.168.1.5:8790/r/kmwhtz"));
        let long = of("https://room.example/base/?x#y", RoomSpec::new("8001").stream("s 1/ä"));
        assert_eq!(long.as_deref(), Some("https://room.example/r/8001/s%201%2F%C3%A4"));
        assert_eq!(of("mailto:ann@example.org", RoomSpec::new("8001")), None);
    }
}
