-- +goose Up

-- What was read before an act by a statement of its own is read by the act's, through these.

-- Whether so many other names failed from a network, or its site, in the last hour that a new browser there has to
-- wait.
-- +goose StatementBegin
create function network_braked(of_account text, at_network text, at_site text, own boolean) returns boolean
    language plpgsql stable parallel safe as $$
begin
    return (select count(*) from password_failures p where p.network = at_network and p.network <> ''
            and p.changed_at > now() - interval '1 hour' and p.account <> of_account)
        >= max_failing_names(false, own, exists (
            select from login_networks n where n.network = at_network and n.came_at > now() - interval '1 day'))
    or (select count(*) from password_failures p where p.site = at_site and p.site <> ''
            and p.changed_at > now() - interval '1 hour' and p.account <> of_account)
        >= max_failing_names(true, own, exists (
            select from login_networks n where n.site = at_site and n.came_at > now() - interval '1 day'));
end $$;
-- +goose StatementEnd

-- Whether new browsers at a network, or its site, have begun too many log-ins of a user in the last minute, and not
-- finished them, for one more in this browser.
-- +goose StatementBegin
create function log_ins_crowded(of_user bigint, browser bytea, at_network text, at_site text, own boolean)
    returns boolean language plpgsql stable parallel safe as $$
begin
    return not browser_is_known(of_user, browser, 2) and (
        (select count(*) from sessions s where s.user_id = of_user and not s.known_browser and s.level = 1
            and s.created_at > now() - interval '1 minute' and s.network = at_network)
                >= max_begun_log_ins(false, own)
        or (select count(*) from sessions s where s.user_id = of_user and not s.known_browser and s.level = 1
            and s.created_at > now() - interval '1 minute' and s.site = at_site) >= max_begun_log_ins(true, own));
end $$;
-- +goose StatementEnd

-- +goose Down
select 1;
