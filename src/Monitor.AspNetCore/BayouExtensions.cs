using System.Reflection;
using Bayou.Monitor;
using Bayou.Monitor.Capture;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

// Where an application looks for them, so that two lines are enough.
#pragma warning disable IDE0130
namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Registers the Bayou monitor.</summary>
    public static class BayouServiceCollectionExtensions
    {
        /// <summary>
        /// Registers what sends this application's requests to Bayou. Settings come from the section <c>Bayou</c> of the
        /// configuration, then from <paramref name="configure"/>; wrong ones stop the application at its start, by name.
        /// </summary>
        public static IServiceCollection AddBayou(this IServiceCollection services, Action<BayouOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddSending(configure, options => (IBatchBody<RequestObservation>)new RequestBody(options.Service, options.Version));
            services.AddSending(null, options => (IBatchBody<CapturedRequest>)new SnapshotBody(options.Service, options.Version, options.Capture));
            services.TryAddSingleton<Capturer>();
            services.TryAddSingleton<RouteNames>();
            return services;
        }

        /// <summary>Registers a queue of things of a kind, and what sends them.</summary>
        internal static void AddSending<T>(this IServiceCollection services, Action<BayouOptions>? configure, Func<BayouOptions, IBatchBody<T>> body)
        {
            var options = services.AddOptions<BayouOptions>();
            if (!services.Any(service => service.ImplementationType == typeof(BayouOptionsValidator)))
            {
                // Once: whatever code says comes after the configuration.
                options.BindConfiguration(BayouOptions.Section).PostConfigure<IHostEnvironment>(SetDefaults).ValidateOnStart();
                services.AddSingleton<IValidateOptions<BayouOptions>, BayouOptionsValidator>();
            }

            if (configure is not null)
            {
                options.Configure(configure);
            }

            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton(provider =>
            {
                var value = provider.GetRequiredService<IOptions<BayouOptions>>().Value;
                return new SendQueue<T>(value.QueueSize, value.BatchSize, provider.GetRequiredService<IBatchBody<T>>());
            });
            services.AddMetrics();
            services.TryAddSingleton(provider => body(provider.GetRequiredService<IOptions<BayouOptions>>().Value));
            services.TryAddSingleton<MonitorMeter<T>>();
            services.TryAddSingleton<RateLimitedLog>();
            services.AddHostedService<Sender<T>>();
        }

        private static void SetDefaults(BayouOptions options, IHostEnvironment environment)
        {
            if (options.Service.Length == 0)
            {
                options.Service = environment.ApplicationName;
            }

            options.Capture.Stage ??= environment.EnvironmentName.ToLowerInvariant();
            options.Version = (options.Version ?? VersionOf(Assembly.GetEntryAssembly()))?.Trim();
        }

        /// <summary>1.2.3, or 1.2.3+0123abc where the build knows its commit.</summary>
        internal static string? VersionOf(Assembly? assembly)
        {
            const int CommitLength = 7;
            const int Longest = 60;
            var version = assembly?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
            var commit = version?.IndexOf('+', StringComparison.Ordinal) + 1;
            version = commit > 0 && version!.Length > commit + CommitLength ? version[..(commit.Value + CommitLength)] : version;
            return version?[..Math.Min(version.Length, Longest)]; // Nobody chose it, so it must not stop the start.
        }
    }
}

namespace Microsoft.Extensions.Logging
{
    /// <summary>Registers the Bayou logger.</summary>
    public static class BayouLoggingBuilderExtensions
    {
        /// <summary>
        /// Sends this application's log to Bayou: message, level, category, scopes and structured state, exception, trace id, endpoint. The usual filters
        /// apply, under the name <c>Bayou</c>. Settings are those of <c>AddBayou</c> on the services; either may be used without the other.
        /// </summary>
        public static ILoggingBuilder AddBayou(this ILoggingBuilder logging, Action<BayouOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(logging);
            logging.Services.AddSending(configure, options => (IBatchBody<LoggedLine>)new LineBody(options.Service));
            logging.Services.AddHttpContextAccessor();
            logging.Services.TryAddSingleton<RouteNames>();
            logging.Services.TryAddSingleton<CurrentEndpoint>();
            logging.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, BayouLoggerProvider>(provider =>
                new(provider.GetRequiredService<SendQueue<LoggedLine>>(), provider.GetRequiredService<IOptions<BayouOptions>>().Value.Enabled,
                    provider.GetRequiredService<CurrentEndpoint>(), provider.GetRequiredService<TimeProvider>())));
            return logging;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Puts the Bayou monitor into the pipeline.</summary>
    public static class BayouApplicationBuilderExtensions
    {
        /// <summary>
        /// Records every request that passes. Call it first, so that it sees what every failure becomes and counts the
        /// bytes that really go out.
        /// </summary>
        /// <exception cref="InvalidOperationException"><c>AddBayou</c> was not called.</exception>
        public static IApplicationBuilder UseBayou(this IApplicationBuilder app)
        {
            ArgumentNullException.ThrowIfNull(app);
            if (app.ApplicationServices.GetService<SendQueue<RequestObservation>>() is null)
            {
                throw new InvalidOperationException("UseBayou needs builder.Services.AddBayou() first.");
            }

            return app.ApplicationServices.GetRequiredService<IOptions<BayouOptions>>().Value.Enabled ? app.UseMiddleware<RequestRecorder>() : app;
        }
    }
}
