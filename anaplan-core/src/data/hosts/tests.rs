use super::*;

#[test]
fn every_region_has_hosts_that_pass_their_own_check() {
    for region in Region::ALL {
        region.hosts().validate().unwrap();
        assert_eq!(
            region.code().to_uppercase().parse::<Region>().unwrap(),
            region
        );
    }
    assert_eq!(Region::Ca1.hosts().api, "https://ca1a.api.anaplan.com");
}

#[test]
fn older_regions_share_their_hosts_and_unknown_ones_are_named() {
    assert_eq!("EU4".parse::<Region>().unwrap(), Region::Shared);
    let error = "mars".parse::<Region>().unwrap_err();
    assert!(error.to_string().contains("'mars' is no region"), "{error}");
}

#[test]
fn unusable_base_url_is_named_with_its_service() {
    let hosts = Hosts {
        auth: "http://auth.example.com/".into(),
        ..Hosts::default()
    };
    assert_eq!(
        hosts.validate().unwrap_err().to_string(),
        "the base URL of the authentication service 'http://auth.example.com' is plain http, \
         which is allowed for this machine only; use https"
    );
    assert_eq!(
        Hosts::from("gateway.example.com/anaplan")
            .validate()
            .unwrap_err()
            .to_string(),
        "the base URL 'gateway.example.com/anaplan' has no scheme: it must start with https://"
    );
    assert_eq!(Hosts::from("https://a.b"), Hosts::all("https://a.b"));
}

#[test]
fn plain_http_is_for_this_machine_only() {
    for good in [
        "http://127.0.0.1:80",
        "http://[::1]:8080/x",
        "http://localhost",
        "https://a.b",
    ] {
        Hosts::all(good).validate().unwrap();
    }
    for bad in [
        "http://api.anaplan.com",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@api.anaplan.com",
        "ftp://localhost",
        "api.anaplan.com",
        "https://a.b/?q=1",
        "",
    ] {
        let error = Hosts::all(bad).validate().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
        assert!(!error.to_string().contains("secret"));
        let is_secret = bad.contains(['@', '?']);
        assert_eq!(error.to_string().contains(bad), !is_secret, "{error}");
    }
}
