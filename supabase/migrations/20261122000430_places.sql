-- What differs from place to place: time zones, and how many decimals money has.

-- Whether Postgres knows a zone or link of the tz database by that name, in any case. To `at time zone` also `AEST` and `FOO+5`
-- are zones.
create function private.is_time_zone(name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (select from pg_catalog.pg_timezone_names as zone where lower(zone.name) = lower(is_time_zone.name))
$$;
grant execute on function private.is_time_zone(text) to api_key, service_role;

-- The last millisecond of the day that lies so many days after the day of an instant, where the clocks are a zone's.
create function private.end_of_day(instant timestamptz, days integer, zone text)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select (date_trunc('day', instant at time zone zone) + make_interval(days => days + 1)) at time zone zone
    - interval '1 millisecond'
$$;

-- The decimals that ISO 4217 gives a currency; null for what is none, or has no decimals to speak of, such as gold. Of those
-- withdrawn since 2020 people still have deals.
create function private.currency_decimals(currency text)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return case
    when currency in (
      'AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN', 'BMD',
      'BND', 'BOB', 'BOV', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW', 'CNY',
      'COP', 'COU', 'CRC', 'CUC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP', 'DZD', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD',
      'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HRK', 'HTG', 'HUF', 'IDR', 'ILS',
      'INR', 'IRR', 'JMD', 'KES', 'KGS', 'KHR', 'KPW', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'MAD',
      'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK', 'MXN', 'MXV', 'MYR', 'MZN', 'NAD',
      'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB',
      'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SLL', 'SOS', 'SRD', 'SSP', 'STN', 'SVC', 'SYP',
      'SZL', 'THB', 'TJS', 'TMT', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'USD', 'USN', 'UYU', 'UZS', 'VED',
      'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMW', 'ZWG', 'ZWL'
    ) then 2
    when currency in (
      'BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF',
      'XOF', 'XPF'
    ) then 0
    when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 3
    when currency in ('CLF', 'UYW') then 4
  end;
end
$$;
grant execute on function private.currency_decimals(text) to api_key, service_role;
